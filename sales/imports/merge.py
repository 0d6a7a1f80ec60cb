"""A file of sales into the database, in the transaction of its job.

Records are spilled to buckets, so that memory is bounded by a bucket and not by the file; each
bucket is then grouped, compared with what is there, and copied.
A record says who bought by a number and a keyed digest only: buckets hold nothing personal.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from django.db import connection
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports.ahead import ahead
from organization.imports.copying import Copier, IdRun
from organization.imports.journal import rests_note
from organization.imports.memory import tidied
from organization.imports.reading import Layout, Source, WrongWidth, read_batches
from organization.imports.tables import Habits
from organization.imports.tally import Aside, Tally
from organization.jobs import JobError, Progress
from organization.models import Import
from organization.threads import short_turns
from sales.imports.buckets import Buckets
from sales.imports.distinct import Texts
from sales.imports.group import Hashes, Receipts, group
from sales.imports.parse import DAY_ZERO, LineParser, Stores
from sales.imports.people import People
from sales.imports.products import Products
from sales.imports.resent import ADDED, UNCHANGED, UPDATED, merge_lines
from sales.imports.store import (
    FOUND,
    NAMED,
    Existing,
    existing_query,
    find_existing,
    link_returns,
    move_to_history,
    originals,
    returns_query,
    write_receipts,
)
from sales.models import Receipt

PARTS = 100
# Of a longer file the half second that is won by setting rows aside early is not worth its memory.
SHORT = 256 << 20


@dataclass
class Outcome:
    """Running totals over the buckets."""

    receipts_added: int = 0
    receipts_updated: int = 0
    stored_cents: int = 0
    here_cents: int = 0  # of lines that were stored before
    first_day: int = 2**31 - 1
    last_day: int = -(2**31)
    members: set[int] = field(default_factory=set)
    products: set[int] = field(default_factory=set)
    rests: Counter[int] = field(default_factory=Counter)  # unchanged receipts by the import that wrote them


def merge_sales(record: Import, file: Source, layout: Layout, progress: Progress) -> Tally:
    """Import handler for sales; counts are in source rows, one row per receipt line."""
    tally = Tally(cents={"read": 0, "stored": 0, "quarantined": 0})
    people, products = People(), Products()
    latest = record.created_at + timedelta(days=1)
    stores = Stores.load()
    if not stores.ids:
        raise JobError(_("There is no store yet. Import the stores first, then try this file again."))
    parser = LineParser(
        stores=stores,
        products=products,
        people=people,
        tally=tally,
        latest=latest,
        numbering=layout.habits.numbering,
    )
    _begin_changes()
    with short_turns(), ExitStack() as stack:
        buckets = Buckets(layout.size, stack)
        _spill(file, layout, parser, buckets, tally, progress)
        tally.aside = Aside(tally, file, layout)
        texts = parser.texts
        people.forget()
        del parser  # What each distinct value became takes room that the buckets can use.
        merge = _Merge(record, layout.habits, texts, tally, stack.enter_context(Copier()))
        hashes = {name: found.hashes() for name, found in texts.items()}
        grouped = _grouped(buckets, hashes, tally, layout.habits, is_short=layout.size < SHORT)
        for receipts in tidied(ahead(grouped), every=4):
            merge.take(receipts)
            progress.step(PARTS // 2 + PARTS * buckets.read // max(1, 2 * buckets.written), PARTS)
        merge.close()
    outcome = merge.outcome
    tally.made = {
        "receipts": outcome.receipts_added,
        "corrected": outcome.receipts_updated,
        "members": people.save_new(outcome.members, record),
        "products": products.save_new(outcome.products),
    }
    rests_note(record, outcome.rests)
    _finish(tally, outcome, link_returns(record))
    return tally


def _grouped(
    buckets: Buckets, hashes: Hashes, tally: Tally, habits: Habits, *, is_short: bool
) -> Iterator[Receipts]:
    """The receipts of bucket after bucket; with the last, all rows to be set aside are known."""
    for records in buckets.each():
        yield group(records, hashes, tally, habits)
    if tally.aside and is_short:
        tally.aside.begin()


def _spill(
    file: Source,
    layout: Layout,
    parser: LineParser,
    buckets: Buckets,
    tally: Tally,
    progress: Progress,
) -> None:
    """Parse the file batch by batch; each record goes to the bucket of its store."""
    wrong, size, seen = WrongWidth(), layout.size, 0
    batches = ahead(map(parser.prepare, read_batches(file, layout, wrong)))
    for prepared in tidied(batches, every=8):
        records = parser.parse(prepared)
        _count_cents(records, tally)
        buckets.write(records)
        wrong.take()
        seen += sum(column.nbytes for column in prepared.batch.columns)
        progress.step(min(PARTS // 2, PARTS * seen // (2 * size)), PARTS)
    progress.say(_("%(rows)s rows read") % {"rows": f"{tally.read:,}"})
    tally.take_wrong_widths(wrong, layout.sent_width)


def _count_cents(records: NDArray[np.void], tally: Tally) -> None:
    assert tally.cents is not None
    tally.cents["read"] += int(records["amount"].sum())


def _begin_changes() -> None:
    with connection.cursor() as cursor:
        for table in ("changed (id bigint PRIMARY KEY)", 'originals (store_id int, number text COLLATE "C")'):
            cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} ON COMMIT DROP")
        cursor.execute("TRUNCATE changed, originals")
        # Statistics are those of before: of empty tables, at first, and by these whole tables are compared
        # row by row. Every query of a merge has an index to go by.
        for other in ("seqscan", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{other} = off")
        # Members that came a moment ago are in no statistics yet, and each batch asks for its buyers.
        cursor.execute("ANALYZE members_memberidentity (kind, lookup)")


@dataclass
class _Asked:
    """Receipts of a bucket, and what PostgreSQL will say of them."""

    receipts: Receipts
    existing: Future[pa.Table]
    returns: Future[pa.Table]


class _Merge:
    """Takes bucket after bucket in. Each is asked about before the one before it is sent: so the answer
    is there when it is needed, and PostgreSQL has no time to rest in."""

    def __init__(
        self, record: Import, habits: Habits, texts: dict[str, Texts], tally: Tally, copier: Copier
    ) -> None:
        self.outcome = Outcome()
        self._record, self._habits, self._texts = record, habits, texts
        self._tally, self._copier, self._ids = tally, copier, IdRun(Receipt)
        self._asked: _Asked | None = None

    def take(self, receipts: Receipts) -> None:
        self._tally.unchanged += receipts.repeated
        self.outcome.here_cents += receipts.repeated_cents
        if len(receipts.head):
            before, self._asked = self._asked, self._ask(receipts)
            self._write(before)

    def close(self) -> None:
        self._write(self._asked)
        self._copier.wait()
        self._ids.close()

    def _ask(self, receipts: Receipts) -> _Asked:
        existing = existing_query(self._record.source_id, receipts.head)
        earlier = self._copier.ask(returns_query(receipts.head), NAMED)
        return _Asked(receipts, self._copier.ask(existing, FOUND), earlier)

    def _write(self, asked: _Asked | None) -> None:
        if asked is None:
            return
        receipts = asked.receipts
        existing = find_existing(asked.existing.result(), receipts.head, self._habits.numbering)
        sent, unchanged = receipts, existing.found & (existing.content == receipts.content)
        fates = np.where(~existing.found, ADDED, np.where(unchanged, UNCHANGED, UPDATED))[receipts.of]
        if self._habits.resend == "merge_lines":
            self._copier.wait()
            receipts, unchanged, fates = merge_lines(receipts, existing)
        changed = existing.found & ~unchanged
        _count(sent, fates, self._tally, self.outcome)
        _note(receipts, existing, unchanged, self.outcome)
        if changed.any():
            self._copier.wait()
            move_to_history(self._record, existing.ids[changed])
        existing.ids[~existing.found] = self._ids.take(int((~existing.found).sum()))
        self._copier.copy_in("originals", originals(receipts.head[~unchanged], asked.returns.result()))
        write_receipts(self._record, receipts, existing, ~unchanged, self._texts, self._copier)


def _count(sent: Receipts, fates: NDArray[np.int64], tally: Tally, outcome: Outcome) -> None:
    """Rows and their money."""
    amounts = sent.lines["amount"]
    for name, fate in (("added", ADDED), ("updated", UPDATED), ("unchanged", UNCHANGED)):
        setattr(tally, name, getattr(tally, name) + int((fates == fate).sum()))
    here = int(amounts[fates == UNCHANGED].sum())
    outcome.here_cents += here
    outcome.stored_cents += int(amounts.sum()) - here


def _note(receipts: Receipts, existing: Existing, unchanged: NDArray[np.bool_], outcome: Outcome) -> None:
    """What is written, and on which days."""
    changed = existing.found & ~unchanged
    for by, count in zip(*np.unique(existing.by[unchanged], return_counts=True), strict=True):
        outcome.rests[int(by)] += int(count)
    outcome.receipts_added += int((~existing.found).sum())
    outcome.receipts_updated += int(changed.sum())
    written = receipts.head[~unchanged]
    outcome.members.update(np.unique(written["member"]).tolist())
    outcome.products.update(np.unique(receipts.lines["product"][~unchanged[receipts.of]]).tolist())
    if len(written):
        # A correction may move a receipt to another day; both days then change.
        days = np.r_[written["day"], existing.days[changed]]
        outcome.first_day = min(outcome.first_day, int(days.min()))
        outcome.last_day = max(outcome.last_day, int(days.max()))


def _finish(tally: Tally, outcome: Outcome, restated: list[date]) -> None:
    assert tally.cents is not None
    tally.cents["stored"] = outcome.stored_cents
    placed = outcome.stored_cents + outcome.here_cents + tally.cents["quarantined"]
    assert placed == tally.cents["read"], "every cent read is in one place"
    if outcome.first_day <= outcome.last_day:
        days = [_date(outcome.first_day), _date(outcome.last_day), *restated]
        tally.days = (min(days), max(days))


def _date(day: int) -> date:
    return DAY_ZERO + timedelta(days=day)
