"""What a campaign caused, from sums per arm.

Sums can be stored, and added over shards and days; no member's row is needed again. Where an arm
is too small, or nothing varies, there is no result: None, never NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

Values = NDArray[np.integer[Any]] | NDArray[np.floating[Any]]

CONFIDENCE = 0.95
FEW_EVENTS = 5
# The most that rounding leaves of a spread that is zero, as a share of what was subtracted from.
ROUNDING = 1e-12


@dataclass(frozen=True)
class ArmStats:
    """Sums over one arm's members. y: spend in the window; x: spend before assignment.

    buyers: members with y above 0. All sums are in one currency unit, or its square.
    """

    n: int
    sum_y: float
    sum_yy: float
    sum_x: float
    sum_xx: float
    sum_xy: float
    buyers: int

    @classmethod
    def from_values(cls, y: Values, x: Values | None = None) -> Self:
        """Sum one value per assigned member, 0 for one who bought nothing; x None is all 0."""
        spend = np.asarray(y, np.float64)
        before = np.zeros(len(spend)) if x is None else np.asarray(x, np.float64)
        return cls(
            n=len(spend),
            sum_y=float(spend.sum()),
            sum_yy=float(spend @ spend),
            sum_x=float(before.sum()),
            sum_xx=float(before @ before),
            sum_xy=float(spend @ before),
            buyers=int((spend > 0).sum()),
        )

    def __add__(self, other: ArmStats) -> ArmStats:
        return ArmStats(
            n=self.n + other.n,
            sum_y=self.sum_y + other.sum_y,
            sum_yy=self.sum_yy + other.sum_yy,
            sum_x=self.sum_x + other.sum_x,
            sum_xx=self.sum_xx + other.sum_xx,
            sum_xy=self.sum_xy + other.sum_xy,
            buyers=self.buyers + other.buyers,
        )

    @property
    def mean_y(self) -> float:
        return self.sum_y / self.n

    @property
    def mean_x(self) -> float:
        return self.sum_x / self.n

    @property
    def spread_y(self) -> float:
        """Sum of squared deviations of y from its mean."""
        return _remainder(self.sum_yy, self.sum_y * self.mean_y)

    @property
    def spread_x(self) -> float:
        """Sum of squared deviations of x from its mean."""
        return _remainder(self.sum_xx, self.sum_x * self.mean_x)

    @property
    def spread_xy(self) -> float:
        """Sum of products of both deviations."""
        return self.sum_xy - self.sum_x * self.mean_y


@dataclass(frozen=True)
class Range:
    """An estimate with its 95 % interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Interval(Range):
    """A difference of means per member, treated less control; p is two-sided against 0."""

    se: float
    df: float
    p: float


@dataclass(frozen=True)
class RateInterval(Range):
    """A difference of proportions; few_events if either arm has under 5."""

    few_events: bool


@dataclass(frozen=True)
class Earnings:
    """What the treated brought in. The two returns are None where the cost is 0."""

    revenue: Range
    profit: Range
    iroas: Range | None
    roi: Range | None


def welch(treated: ArmStats, control: ArmStats) -> Interval | None:
    """Return the difference of mean y with Welch's interval.

    None with fewer than 2 members in an arm, or where y does not vary.
    """
    return _adjusted(treated, control, theta=0)


def cuped(treated: ArmStats, control: ArmStats) -> Interval | None:
    """Return the difference of mean y, adjusted for x, with Welch's interval.

    Y' = Y - θ(X - mean X), with θ = cov(X, Y) / var(X) pooled within the arms (Deng, Xu, Kohavi
    and Walker 2013). Equals welch where x does not vary; None as there.
    """
    if min(treated.n, control.n) < 2:
        return None
    spread_x = treated.spread_x + control.spread_x
    theta = (treated.spread_xy + control.spread_xy) / spread_x if spread_x else 0.0
    return _adjusted(treated, control, theta=theta)


def newcombe(buyers_t: int, n_t: int, buyers_c: int, n_c: int) -> RateInterval | None:
    """Return the difference of two proportions with Newcombe's hybrid score interval.

    Method 10 of Newcombe (1998), Statistics in Medicine 17, 873–890, without continuity
    correction. None if an arm is empty.
    """
    if min(n_t, n_c) < 1:
        return None
    rate_t, low_t, high_t = _wilson(buyers_t, n_t)
    rate_c, low_c, high_c = _wilson(buyers_c, n_c)
    difference = rate_t - rate_c
    return RateInterval(
        estimate=difference,
        low=difference - math.hypot(rate_t - low_t, high_c - rate_c),
        high=difference + math.hypot(high_t - rate_t, rate_c - low_c),
        few_events=min(buyers_t, buyers_c) < FEW_EVENTS,
    )


def earnings(delta: Interval, n_treated: int, margin: float, cost: float) -> Earnings:
    """Carry the interval of delta, spend per member, through to money.

    margin: share of revenue, 0 to 1. cost: in the unit of delta. Revenue = n·Δ; profit = n·Δ·margin
    - cost; iROAS = revenue / cost; incremental ROI = profit / cost.
    """
    revenue = _scaled(delta, n_treated)
    profit = _scaled(revenue, margin, less=cost)
    if cost == 0:
        return Earnings(revenue, profit, None, None)
    return Earnings(revenue, profit, _scaled(revenue, 1 / cost), _scaled(profit, 1 / cost))


def _remainder(whole: float, part: float) -> float:
    """Subtract, but return 0 where nothing but rounding would be left."""
    rest = whole - part
    return rest if rest > ROUNDING * whole else 0.0


def _adjusted(treated: ArmStats, control: ArmStats, *, theta: float) -> Interval | None:
    if min(treated.n, control.n) < 2:
        return None
    squared_errors = [_adjusted_variance(arm, theta) / arm.n for arm in (treated, control)]
    squared_error = sum(squared_errors)
    if squared_error == 0:
        return None
    df = squared_error**2 / sum(
        part**2 / (arm.n - 1) for part, arm in zip(squared_errors, (treated, control), strict=True)
    )
    estimate = treated.mean_y - control.mean_y - theta * (treated.mean_x - control.mean_x)
    se = math.sqrt(squared_error)
    reach = float(t.ppf((1 + CONFIDENCE) / 2, df)) * se
    p = float(2 * t.sf(abs(estimate) / se, df))
    return Interval(estimate, estimate - reach, estimate + reach, se, df, p)


def _adjusted_variance(arm: ArmStats, theta: float) -> float:
    spread = _remainder(arm.spread_y + theta**2 * arm.spread_x, 2 * theta * arm.spread_xy)
    return spread / (arm.n - 1)


def _wilson(events: int, n: int) -> tuple[float, float, float]:
    z = float(norm.ppf((1 + CONFIDENCE) / 2))
    rate = events / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return rate, centre - reach, centre + reach


def _scaled(values: Range, factor: float, *, less: float = 0.0) -> Range:
    low, high = sorted((values.low * factor - less, values.high * factor - less))
    return Range(values.estimate * factor - less, low, high)
