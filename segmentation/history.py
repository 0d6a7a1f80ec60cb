"""Reads of the history: who moved between two nights, and what stands behind one member's scores."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from organization.models import Staff
from sales.models import Receipt
from segmentation.analytics.rfm import SEGMENTS
from segmentation.models import NightlyRun, ScoreChange, SegmentTotal
from segmentation.nightly.run import latest_published
from segmentation.querysets import ChangeQuerySet

# A member without a receipt in the window, or who objects, is in no segment.
NOWHERE = ""
STATES = (*SEGMENTS, NOWHERE)
# Of nights from before this was kept.
BIGGEST = 2**63 - 1
Counts = dict[tuple[str, str], int]


@dataclass(frozen=True)
class Moves:
    """Members by their segment at two nights. Who was nowhere at both is not counted."""

    since: date
    until: date
    moved: Counts
    stayed: dict[str, int]

    @property
    def mover_count(self) -> int:
        return sum(self.moved.values())


def nights_published() -> QuerySet[NightlyRun]:
    return NightlyRun.objects.filter(published_at__isnull=False).order_by("as_of")


def run_on(day: date) -> NightlyRun | None:
    return NightlyRun.objects.filter(as_of=day).first()


def night_of(day: date) -> date | None:
    """The latest published night up to a day: that day's segments are this night's."""
    return nights_published().filter(as_of__lte=day).values_list("as_of", flat=True).last()


def moves(staff: Staff, *, since: date, until: date) -> Moves:
    """Told from the changes after `since` and the sums of the latest night, by the home stores of now."""
    moved = _counted(movers(staff, since=since, until=until))
    stayed = _sizes_at(staff, until)
    for (_was, now), members in moved.items():
        stayed[now] -= members
    return Moves(since, until, moved, {code: max(stayed[code], 0) for code in SEGMENTS})


def movers(
    staff: Staff,
    *,
    since: date,
    until: date,
    was: str | None = None,
    now: str | None = None,
    store: int | None = None,
) -> ChangeQuerySet:
    """A row for each member who moved: `member`, `was`, `now`, `moved_on`; narrowed by what is given."""
    rows: ChangeQuerySet = ScoreChange.objects.visible_to(staff).between(since, until)
    if store is not None:
        rows = rows.filter(member__home_store=store)
    asked = {"was": was, "now": now}
    return rows.by_member().filter(**{name: code for name, code in asked.items() if code is not None})


def _sizes_at(staff: Staff, day: date) -> dict[str, int]:
    """Members per segment at a night: those of the latest, less the moves since."""
    latest = latest_published()
    sizes: dict[str, int] = defaultdict(int)
    if latest is None:
        return sizes
    totals = SegmentTotal.objects.visible_to(staff).filter(day=latest.as_of)
    sizes.update(totals.values_list("segment").annotate(size=Sum("members")))
    if day < latest.as_of:
        for (was, now), members in _counted(movers(staff, since=day, until=latest.as_of)).items():
            sizes[now] -= members
            sizes[was] += members
    return sizes


def _counted(rows: ChangeQuerySet) -> Counts:
    sql, params = rows.query.sql_with_params()
    # unscoped: it only counts the rows it is given.
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "was", "now", count(*) FROM ({sql}) moved GROUP BY "was", "now"', params)
        return {(was, now): members for was, now, members in cursor.fetchall()}


@dataclass(frozen=True)
class Step:
    """One change of a member, and the receipts that entered or left the window since the one before."""

    change: ScoreChange
    # The night it is compared with: that of the change before, or the first.
    since: date | None
    entered: list[Receipt]
    left: list[Receipt]


def changes_of(staff: Staff, member_id: int) -> QuerySet[ScoreChange]:
    """Latest first."""
    found: QuerySet[ScoreChange] = ScoreChange.objects.visible_to(staff).filter(member=member_id)
    return found.order_by("-day")


def steps(
    changes: Iterable[ScoreChange], *, before: ScoreChange | None, receipts: QuerySet[Receipt]
) -> list[Step]:
    """What stands behind these changes of one member, given latest first.

    before: the change before them, if there is one. receipts: those of the member that may be seen.
    """
    shown = list(changes)
    if not shown:
        return []
    days = [change.day for change in shown] + ([before.day] if before else [])
    runs = {run.as_of: run for run in nights_published().filter(as_of__in=days)}
    begin = runs.get(before.day) if before else nights_published().first()
    befores = [runs.get(change.day) for change in shown[1:]] + [begin]
    seen = list(receipts.filter(_of_any([*runs.values(), *([begin] if begin else [])])))
    return [
        _step(change, runs.get(change.day), earlier, seen)
        for change, earlier in zip(shown, befores, strict=True)
    ]


def receipts_counted(run: NightlyRun, receipts: QuerySet[Receipt]) -> QuerySet[Receipt]:
    """Of these, the receipts that a night looked at, as they stand now."""
    return receipts.filter(_looked_at(run))


def _looked_at(run: NightlyRun) -> Q:
    """Of its window, and there when it was made."""
    first, last = _window(run)
    return Q(business_day__gt=first, business_day__lte=last, pk__lte=_highest(run))


def _window(run: NightlyRun) -> tuple[date, date]:
    return run.as_of - timedelta(days=run.window_days), run.as_of


def _highest(run: NightlyRun) -> int:
    return int(run.seen.get("receipt", BIGGEST))


def _of_any(runs: Iterable[NightlyRun]) -> Q:
    return reduce(or_, map(_looked_at, runs), Q(pk=None))


def _step(
    change: ScoreChange, run: NightlyRun | None, earlier: NightlyRun | None, receipts: list[Receipt]
) -> Step:
    if run is None or earlier is None:
        return Step(change, None, [], [])
    now, then = _among(run, receipts), _among(earlier, receipts)
    entered = [receipt for receipt in receipts if receipt.pk in now - then]
    left = [receipt for receipt in receipts if receipt.pk in then - now]
    return Step(change, earlier.as_of, entered, left)


def _among(run: NightlyRun, receipts: list[Receipt]) -> set[int]:
    (first, last), highest = _window(run), _highest(run)
    return {
        receipt.pk for receipt in receipts if first < receipt.business_day <= last and receipt.pk <= highest
    }
