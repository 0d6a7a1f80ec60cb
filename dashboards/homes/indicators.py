"""Indicators of one day beside the usual day: the same weekday of the four weeks before."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import SupportsFloat, TypeVar

Sums = TypeVar("Sums")

WEEKS = 4
HISTORY_DAYS = 14
# Receipts of an hour vary about as counts do; a day has many hours, so two deviations are common.
CLEARLY = 2.5
FEWEST_APART = 3


@dataclass(frozen=True)
class Indicator:
    value: float | None
    usual: float | None
    history: Sequence[float | None]  # the last two weeks, the day itself at the end

    @property
    def change(self) -> float | None:
        return None if self.value is None or self.usual is None else self.value - self.usual


def usual_days(day: date) -> list[date]:
    return [day - timedelta(weeks=weeks) for weeks in range(1, WEEKS + 1)]


def ratio(
    sums: Mapping[date, Sums],
    day: date,
    *,
    of: Callable[[Sums], SupportsFloat],
    by: Callable[[Sums], SupportsFloat],
) -> Indicator:
    """`of` over `by`: of the day, of its usual days together, and of each of the last two weeks."""

    def over(days: Collection[date]) -> float | None:
        known = [sums[each] for each in days if each in sums]
        bottom = sum(float(by(each)) for each in known)
        return sum(float(of(each)) for each in known) / bottom if bottom else None

    recent = [day - timedelta(days=back) for back in reversed(range(HISTORY_DAYS))]
    return Indicator(over([day]), over(usual_days(day)), [over([each]) for each in recent])


def hours_apart(
    hours: Sequence[int], receipts: Sequence[int], usual: Sequence[float]
) -> tuple[list[int], float]:
    """The hours that differ from the usual by more than chance, and their receipts more (or less).

    Only one direction is named: the one with the larger sum. Nothing is, where no hour stands out.
    """
    apart = {
        hour: seen - expected
        for hour, seen, expected in zip(hours, receipts, usual, strict=True)
        if abs(seen - expected) >= max(FEWEST_APART, CLEARLY * sqrt(expected))
    }
    fewer = {hour: change for hour, change in apart.items() if change < 0}
    more = {hour: change for hour, change in apart.items() if change > 0}
    named = fewer if -sum(fewer.values()) >= sum(more.values()) else more
    return sorted(named), sum(named.values())
