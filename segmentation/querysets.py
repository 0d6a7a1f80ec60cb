from datetime import date
from typing import Any, Self

from django.db.models import CharField, F, Func, IntegerField, Max, Min, Q, Value
from django.db.models.functions import Coalesce

from members.querysets import OfMemberQuerySet
from organization.querysets import ScopedQuerySet
from segmentation.analytics.rfm import SEGMENTS

# A change of scores that was one of segments.
MOVED = (
    Q(old__isnull=False, new__isnull=False) & ~Q(old=F("new"))
    | Q(old__isnull=True, new__isnull=False)
    | Q(old__isnull=False, new__isnull=True)
)
# A day and a segment as one whole number, so that a plain minimum or maximum finds the first or last.
ROOM = 16
PLACES = ("", *SEGMENTS)
_ALL = "ARRAY[" + ", ".join(f"'{code}'" for code in PLACES) + "]"


class StoreTotalQuerySet(ScopedQuerySet):
    """Sizes per store and day."""


class ChangeQuerySet(OfMemberQuerySet):
    """Dated changes of members."""

    def between(self, since: date, until: date) -> Self:
        """Moves between segments after one day and up to another."""
        return self.filter(MOVED, day__gt=since, day__lte=until)

    def by_member(self) -> Self:
        """A row for each member of these moves: the segment before the first, after the last, and its day.

        A segment is "" for who was in none. One pass without sorting finds both.
        """
        rows: Any = self.order_by().values("member")
        first, last = Min(_dated("old")), Max(_dated("new"))
        found: Self = rows.annotate(was=_segment(first), now=_segment(last), moved_on=Max("day"))
        moved: Self = found.exclude(was=F("now"))
        return moved


def _dated(segment: str) -> Func:
    place = Func(Coalesce(segment, Value("")), template=f"array_position({_ALL}, %(expressions)s::text)")
    day = Func(F("day"), template="(%(expressions)s - DATE '1970-01-01')")
    return Func(
        day, place, template="(%(expressions)s)", arg_joiner=f" * {ROOM} + ", output_field=IntegerField()
    )


def _segment(dated: Min | Max) -> Func:
    return Func(dated, template=f"({_ALL})[mod(%(expressions)s, {ROOM})]", output_field=CharField())
