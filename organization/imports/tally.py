"""Counts that reconcile, and the rows set aside."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

import numpy as np
import pyarrow as pa
from django.utils import timezone
from django.utils.translation import gettext as _

from organization.imports.copying import copy_in, sealed
from organization.imports.memory import give_back
from organization.imports.reading import Layout, Source, WrongWidth, read_batches
from organization.imports.tables import MOST_ASIDE, NOT_AN_OBJECT
from organization.jobs import JobError
from organization.models import Import, QuarantinedRow
from organization.numbers import without_numbers_within
from organization.threads import as_here

# Rows are set aside so many at a time, or so many letters: a row may be as long as a book.
ROWS_AT_ONCE, LETTERS_AT_ONCE, MOST_BEGUN = 2_000, 1 << 20, 8
LONGEST_VALUE = 200
Columns = dict[str, pa.Array]
# Each makes a test of a row's cells: whether nothing of the row may be kept. Filled by the apps that
# know why.
Unwanted = Callable[[list[str]], bool]
_unwanted: list[Callable[[], Unwanted]] = []


def keep_nothing_where(test: Callable[[], Unwanted]) -> None:
    _unwanted.append(test)


@dataclass(frozen=True, slots=True)
class Problem:
    row: int
    column: str
    value: str
    reason: str


Raw = tuple[Problem, str, str]  # with its value and its cells as text


@dataclass
class Tally:
    """What became of the rows of one file. A row has one problem at most: its first."""

    read: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    ignored: int = 0
    problems: dict[int, Problem] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    days: tuple[date, date] | None = None
    cents: dict[str, int] | None = None  # read, stored, quarantined
    aside: "Aside | None" = field(default=None, repr=False)  # where they are begun with early

    def refuse(self, row: int, column: str, value: str, reason: str) -> None:
        self.problems.setdefault(row, Problem(row, column, value[:LONGEST_VALUE], reason))
        if len(self.problems) > MOST_ASIDE:
            first = next(iter(self.problems.values()))
            said = {"n": f"{MOST_ASIDE:,}", "row": first.row, "reason": first.reason}
            raise JobError(
                _(
                    "More than %(n)s rows are wrong; one is row %(row)s: %(reason)s "
                    "Mend what they have in common, or send the file in parts."
                )
                % said
            )

    def take_wrong_widths(self, wrong: WrongWidth, width: int) -> None:
        for row, cells, _text in wrong.found:
            self.read += 1
            self.refuse(row, "", "", _why(cells, width))
        for row, reason, _raw in wrong.unfit:
            self.read += 1
            self.refuse(row, "", "", reason)


def _why(cells: int, width: int) -> str:
    if cells == NOT_AN_OBJECT:
        return _("This line is not a JSON object.")
    return _("The row has %(cells)s cells, the header %(width)s.") % {"cells": cells, "width": width}


def save_tally(record: Import, tally: Tally, file: Source, layout: Layout) -> None:
    """Write counts and quarantine; the database checks that the counts add up."""
    for name in ("read", "added", "updated", "unchanged", "ignored", "made"):
        setattr(record, name, getattr(tally, name))
    record.quarantined = len(tally.problems)
    record.reading = without_numbers_within(layout.described())
    record.finished_at = timezone.now()
    record.needs_mapping, record.sample = False, None
    if tally.days:
        record.first_day, record.last_day = tally.days
    for name, cents in (tally.cents or {}).items():
        setattr(record, f"amount_{name}", cents / 100)
    record.save()
    QuarantinedRow.unscoped.filter(source_import=record).delete()
    for first in {pk for pk, _row in record.corrected_rows}:
        rows = [row for pk, row in record.corrected_rows if pk == first]
        QuarantinedRow.unscoped.filter(source_import=first, row__in=rows).update(taken_by=record)
    kept = 0
    for columns in tally.aside or Aside(tally, file, layout):
        by = {"source_import_id": pa.array([record.pk] * len(columns["row"]))}
        copy_in(QuarantinedRow._meta.db_table, by | columns)
        kept += len(columns["row"])
        give_back()
    assert kept == record.quarantined, "every row that was refused is set aside"


class Aside:
    """The rows to set aside, sealed, some at a time: a file may set aside as many as it holds."""

    def __init__(self, tally: Tally, file: Source, layout: Layout) -> None:
        tests = [make() for make in _unwanted]
        rows = _set_aside(tests, tally.problems, file, layout)
        self._batches = _some_at_once(rows)
        self._begun: Future[list[Columns]] | None = None

    def begin(self) -> None:
        """Find and seal the first in a thread, beside other work; no row may be refused any more."""
        pool = ThreadPoolExecutor(1, "aside")
        some = islice(self._batches, MOST_BEGUN)
        self._begun = pool.submit(as_here(lambda: [_sealed(rows) for rows in some]))
        pool.shutdown(wait=False)

    def __iter__(self) -> Iterator[Columns]:
        if self._begun:
            yield from self._begun.result()
        yield from map(_sealed, self._batches)


def _set_aside(
    tests: list[Unwanted], problems: dict[int, Problem], file: Source, layout: Layout
) -> Iterator[Raw]:
    """Problem, value and cells of row by row as the file has them."""
    left = dict(problems)
    for row, cells in _raw_rows(file, layout, problems) if left else ():
        if problem := left.pop(row, None):
            keeps = not any(test(cells) for test in tests)
            yield problem, problem.value if keeps else "", _as_json(cells if keeps else [])
    for row in sorted(left):
        yield left[row], left[row].value, _as_json([])


def _some_at_once(rows: Iterator[Raw]) -> Iterator[list[Raw]]:
    some: list[Raw] = []
    letters = 0
    for row in rows:
        some.append(row)
        letters += len(row[2])
        if len(some) == ROWS_AT_ONCE or letters >= LETTERS_AT_ONCE:
            yield some
            some, letters = [], 0
    if some:
        yield some


def _as_json(cells: list[str]) -> str:
    return json.dumps(cells, ensure_ascii=False)


def _sealed(rows: list[Raw]) -> Columns:
    problems, values, raw = zip(*rows, strict=True)
    return {
        "row": pa.array([problem.row for problem in problems]),
        '"column"': pa.array([problem.column for problem in problems]),
        "value": sealed(values),
        "reason": pa.array([problem.reason[:300] for problem in problems]),
        "raw": sealed(raw),
    }


def _raw_rows(file: Source, layout: Layout, wanted: Iterable[int]) -> Iterator[tuple[int, list[str]]]:
    """The cells of whole rows, read a second time: only files with problems pay for it."""
    rows, wrong = np.sort(np.fromiter(wanted, np.int64)), WrongWidth()
    for batch in read_batches(file, layout, wrong):
        near = slice(*np.searchsorted(rows, (batch.rows[:1].sum(), batch.rows[-1:].sum() + 1)))
        found = np.flatnonzero(np.isin(batch.rows, rows[near]))
        yield from zip(batch.rows[found].tolist(), batch.raw_of(found), strict=True)
        yield from _not_fitting(wrong.take(), layout)
    yield from _not_fitting(wrong.take(), layout)


def _not_fitting(wrong: WrongWidth, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    for row, _cells, text in wrong.found:
        yield row, _split(text, layout)
    for row, _why, cells in wrong.unfit:
        yield row, cells


def _split(text: str, layout: Layout) -> list[str]:
    if layout.format in ("jsonl", "json"):
        return [text]
    lines = io.StringIO(text, newline="")
    return next(csv.reader(lines, delimiter=layout.delimiter, quotechar=layout.quote), [])
