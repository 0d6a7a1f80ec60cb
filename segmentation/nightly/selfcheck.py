"""Whether published rows are what the receipts say: a sample worked out again from all of its receipts.

Everything is read in one snapshot, so that a night published meanwhile is seen whole or not at all.
Left out are members whose receipts have changed since the night: the next one looks at those.
Scores are worked out again for all members, from the published facts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from members.models import Member
from organization.database import snapshot
from organization.jobs import JobError, Progress
from organization.models import Job, Store
from sales.models import Brand
from segmentation.analytics import rfm
from segmentation.models import FactFields, MemberScore, NightlyRun, RfmSettings, ScoreCheck, ScoreDifference
from segmentation.nightly import scoring
from segmentation.nightly.columns import BIG, INT, copy_out
from segmentation.nightly.objections import NOT_OBJECTED
from segmentation.nightly.reading import EPOCH, days, facts_of
from segmentation.nightly.rows import facts_rows
from segmentation.nightly.run import latest_published
from segmentation.nightly.touched import changed_since, regions_changed

SAMPLE = 2_000
LATELY = timedelta(days=7)
MOST_KEPT = 200
HOME = "home_store"
FACTS = [field.attname for field in FactFields._meta.local_concrete_fields if field.name != HOME]
DAYS, MONEY = ("first_day", "last_day"), ("spend", "lifetime_spend")

# Members by chance, another each week, and as many of those whose receipts came lately.
DRAWN = f"""
    SELECT id FROM (
        (SELECT member_id AS id FROM segmentation_memberscore p
         WHERE {NOT_OBJECTED} ORDER BY hashint8extended(member_id, %(seed)s), member_id LIMIT %(most)s)
        UNION
        (SELECT id FROM (SELECT DISTINCT member_id AS id FROM sales_receipt r
             WHERE business_day > %(lately)s AND business_day <= %(as_of)s AND member_id IS NOT NULL) l
         JOIN members_member m USING (id)
         WHERE NOT m.is_anonymous
           AND NOT EXISTS (SELECT FROM members_profilingobjection o WHERE o.member_id = id)
         ORDER BY hashint8extended(id, %(seed)s), id LIMIT %(most)s)
    ) drawn ORDER BY id"""
SCORED = f"""
    SELECT member_id, last_day - DATE '1970-01-01', receipts, (spend * 100)::int8, home_store_id,
           r::int4, f::int4, m::int4, {scoring.SEGMENT_PLACE}, {scoring.CLASS_PLACE}
    FROM segmentation_memberscore WHERE r IS NOT NULL ORDER BY member_id"""
SCORES = ("r", "f", "m", "segment", "value_class")

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Difference:
    member: int
    field: str
    published: Any
    found: Any


@dataclass(frozen=True)
class Found:
    run: NightlyRun
    drawn: int
    compared: int
    scored: int
    differences: list[Difference]


def score_check(job: Job, progress: Progress) -> None:
    """The job of kind "score_check"."""
    progress.say(_("Working out a sample of members from all of their receipts."))
    with snapshot():
        found = look(date.fromisoformat(job.payload["week"]).toordinal())
    with transaction.atomic(durable=True):
        _write(found)
        progress.confirm()
    count = len(found.differences)
    progress.say(_("Differences found: %(n)s.") % {"n": count} if count else _("Everything agrees."))


def look(seed: int) -> Found:
    """Compare the latest published night; call it in a snapshot. JobError if it cannot be compared."""
    run = latest_published()
    if run is None:
        raise JobError(_("No night has been made yet, so there is nothing to check."))
    changed = changed_since(run)
    if changed is None or (run.scoring.compares_regions and regions_changed(run)):
        raise JobError(_("Stores or brands have changed since the night; check again after the next one."))
    params = {"seed": seed, "most": SAMPLE, "as_of": run.as_of, "lately": run.as_of - LATELY}
    drawn = copy_out(DRAWN, params, {"member": BIG})["member"]
    members = np.setdiff1d(drawn, changed)
    scored = _scored()
    differences = [*_of_facts(run, members), *_of_scores(run, scored)]
    return Found(run, len(drawn), len(members), len(scored["member"]), differences)


def _of_facts(run: NightlyRun, members: NDArray[np.int64]) -> Iterator[Difference]:
    found = facts_rows(run.pk, facts_of(run, members))
    wanted = dict(zip(found["member_id"].tolist(), _as_published(found), strict=True))
    rows = MemberScore.unscoped.filter(pk__in=members.tolist()).values("member_id", "home_store_id", *FACTS)
    published = {row["member_id"]: row for row in rows}
    homes = dict(Member.unscoped.filter(pk__in=members.tolist()).values_list("pk", "home_store_id"))
    for member in members.tolist():
        want, have = wanted.get(member), published.get(member)
        if want is None or have is None:
            if want is not have:
                yield Difference(member, "receipts", have and have["receipts"], want and want["receipts"])
            continue
        if (home := have.pop("home_store_id")) != want["home_store_id"]:
            yield Difference(member, HOME, home, want[HOME])
        have = have | {HOME: homes[member]}
        # Before a purchase, and after the last, the home store is what the file of members says.
        for field in (*FACTS, HOME) if have["receipts"] else FACTS:
            if have[field] != want[field]:
                yield Difference(member, field, have[field], want[field])


def _as_published(rows: Columns) -> list[dict[str, Any]]:
    """Rows as the database gives them back."""
    columns = {name: _values(name, column) for name, column in rows.items()}
    columns[HOME] = columns["home_store_id"]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _values(name: str, column: NDArray[Any]) -> list[Any]:
    column = np.ma.masked_invalid(column) if column.dtype.kind == "f" else column
    values = column.tolist()  # What is masked becomes None.
    if name in MONEY:
        return [Decimal(cents) / 100 for cents in values]
    if name in DAYS:
        return [None if day is None else EPOCH + timedelta(day) for day in values]
    return list(values)


def _scored() -> Columns:
    types = {"member": BIG, "last_day": INT, "receipts": INT, "cents": BIG, "home": BIG}
    return copy_out(SCORED, {}, types | dict.fromkeys(SCORES, INT))


def _of_scores(run: NightlyRun, scored: Columns) -> Iterator[Difference]:
    """Who was erased since the night was scored with the others, and may have been before or behind them."""
    gone = max(run.members_scored - len(scored["member"]), 0)
    for name, (lowest, highest) in _bounds(run, scored, gone).items():
        wrong = (scored[name] < lowest) | (scored[name] > highest)
        yield from _differences(scored, name, lowest, wrong)
    places = rfm.place_of(scored["r"], scored["f"], run.scoring.grid)
    yield from _differences(scored, "segment", places, scored["segment"] != places)
    if not gone and len(scored["member"]):
        silence = days(run.as_of) - scored["last_day"]
        value = rfm.value_class(silence, scored["receipts"], scored["cents"])
        yield from _differences(scored, "value_class", value, scored["value_class"] != value)


def _bounds(run: NightlyRun, scored: Columns, gone: int) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    """The lowest and the highest score of each member, wherever those who are gone had stood.

    Among peers nobody knows whose peers they were, so then nothing is told.
    """
    mode = run.scoring.mode
    if gone and mode == RfmSettings.Mode.QUANTILE:
        keys = {"r": "last_day", "f": "receipts", "m": "cents"}
        return {name: _with_others(scored[key], gone) for name, key in keys.items()}
    if gone and mode == RfmSettings.Mode.PEERS:
        return {}
    silence = days(run.as_of) - scored["last_day"]
    exact = scoring.scores(run.scoring, silence, scored["receipts"], scored["cents"], scored["home"])
    return {name: (getattr(exact, name), getattr(exact, name)) for name in "rfm"}


def _with_others(values: NDArray[Any], gone: int) -> tuple[NDArray[Any], NDArray[Any]]:
    best, worst = values.max(initial=0) + 1, values.min(initial=0) - 1
    lowest, highest = (rfm.score(np.append(values, [end] * gone))[: len(values)] for end in (best, worst))
    return lowest, highest


def _differences(
    scored: Columns, field: str, found: NDArray[Any], wrong: NDArray[np.bool_]
) -> Iterator[Difference]:
    for at in np.flatnonzero(wrong):
        yield Difference(int(scored["member"][at]), field, int(scored[field][at]), int(found[at]))


def _write(found: Found) -> ScoreCheck:
    check = ScoreCheck.objects.create(
        as_of=found.run.as_of,
        members=found.compared,
        scored=found.scored,
        changed_since=found.drawn - found.compared,
        difference_count=len(found.differences),
    )
    kept = found.differences[:MOST_KEPT]
    known = set(Member.unscoped.filter(pk__in={row.member for row in kept}).values_list("pk", flat=True))
    ScoreDifference.unscoped.bulk_create(
        ScoreDifference(
            check_of=check,
            member_id=row.member,
            field=row.field,
            published=_shown(row.field, row.published),
            found=_shown(row.field, row.found),
        )
        for row in kept
        if row.member in known
    )
    return check


def _shown(field: str, value: Any) -> str | None:
    if field == HOME and value:
        value = Store.unscoped.get(pk=value).code
    elif field == "top_brand" and value:
        value = Brand.objects.get(pk=value).name
    elif field == "segment" and value is not None:
        value = rfm.SEGMENTS[value] if value >= 0 else None
    elif field == "value_class" and value is not None:
        value = rfm.VALUE_CLASSES[value] if value >= 0 else None
    return None if value is None else str(value)[:40]
