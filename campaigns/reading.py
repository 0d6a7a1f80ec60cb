"""What may be said of a campaign, from sums alone. Money is in the company's currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from campaigns.analytics.assignment import sample_ratio_p
from campaigns.analytics.uplift import (
    ArmStats,
    Earnings,
    Interval,
    RateInterval,
    cuped,
    earnings,
    newcombe,
    welch,
)
from campaigns.models import ArmTotal, Campaign

MISMATCH_P = 0.001
# With fewer members in an arm, one generous buyer decides the mean of so skewed a measure.
FEWEST = 30
NOBODY = ArmStats(n=0, sum_y=0, sum_yy=0, sum_x=0, sum_xx=0, sum_xy=0, buyers=0)


class Verdict(StrEnum):
    DRAFT = "draft"
    WAITING = "waiting"  # started, but no receipt of the window has been counted yet
    NO_CONTROL = "no_control"
    MISMATCH = "mismatch"
    TOO_FEW = "too_few"
    MORE = "more"
    LESS = "less"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Margin:
    """The share of a sale that is left after the goods; measured from buy prices, or as configured."""

    share: float
    is_measured: bool


@dataclass(frozen=True)
class Arms:
    """The sums of both arms over all receipts, or over those of some stores."""

    treated: ArmStats = NOBODY
    held_out: ArmStats = NOBODY
    attributed: float = 0
    goods_sales: float = 0
    goods_cost: float = 0

    @classmethod
    def of(cls, totals: Sequence[ArmTotal]) -> "Arms":
        return cls(
            treated=sum((_stats(total) for total in totals if total.treated), NOBODY),
            held_out=sum((_stats(total) for total in totals if not total.treated), NOBODY),
            attributed=float(sum(total.attributed for total in totals)) / 100,
            goods_sales=float(sum(total.goods_sales for total in totals)) / 100,
            goods_cost=float(sum(total.goods_cost for total in totals)) / 100,
        )

    @cached_property
    def effect(self) -> Interval | None:
        """The primary measure, fixed for every campaign: spend per member, adjusted by CUPED."""
        return cuped(self.treated, self.held_out)


def group_sizes_p(campaign: Campaign, arms: Arms) -> float:
    """The p-value of the arms' sizes, had they been drawn as planned."""
    return sample_ratio_p(arms.treated.n, arms.held_out.n, float(campaign.holdout_share))


def effect_of(campaign: Campaign, arms: Arms) -> Interval | None:
    """The primary measure; None as well where the arms are not those that were drawn."""
    return arms.effect if group_sizes_p(campaign, arms) >= MISMATCH_P else None


def _stats(total: ArmTotal) -> ArmStats:
    return ArmStats(
        n=total.n,
        sum_y=float(total.sum_y) / 100,
        sum_yy=float(total.sum_yy) / 10_000,
        sum_x=float(total.sum_x) / 100,
        sum_xx=float(total.sum_xx) / 10_000,
        sum_xy=float(total.sum_xy) / 10_000,
        buyers=total.buyers,
    )


@dataclass(frozen=True)
class Reach:
    """Members at each step, from the segment to the message."""

    removed: Mapping[str, int]
    treated: int
    held_out: int
    delivered: int
    waiting: int
    refused: Mapping[str, int]
    redeemed: int  # members, of an imported campaign

    @property
    def allowed(self) -> int:
        return self.treated + self.held_out

    @property
    def found(self) -> int:
        return self.allowed + sum(self.removed.values())


@dataclass(frozen=True)
class Reading:
    """A campaign as one person may see it; `in_part`: from the own stores' receipts only."""

    campaign: Campaign
    in_part: bool
    as_of: date | None
    arms: Arms
    reach: Reach
    daily: Sequence[Mapping[str, Any]]

    @property
    def is_provisional(self) -> bool:
        return self.campaign.status == Campaign.Status.RUNNING

    @property
    def days_seen(self) -> int:
        """Days of the window whose receipts are in the sums."""
        if self.as_of is None or self.campaign.starts_on is None:
            return 0
        return min(max((self.as_of - self.campaign.starts_on).days + 1, 0), self.campaign.horizon_days)

    @cached_property
    def verdict(self) -> Verdict:
        if self.campaign.status == Campaign.Status.DRAFT:
            return Verdict.DRAFT
        if self.as_of is None:
            return Verdict.WAITING
        if not self.campaign.has_control:
            return Verdict.NO_CONTROL
        if self.sample_ratio_p < MISMATCH_P:
            return Verdict.MISMATCH
        return self._verdict_of_effect()

    def _verdict_of_effect(self) -> Verdict:
        effect = self.arms.effect
        if effect is None or min(self.arms.treated.n, self.arms.held_out.n) < FEWEST:
            return Verdict.TOO_FEW
        if effect.low > 0:
            return Verdict.MORE
        return Verdict.LESS if effect.high < 0 else Verdict.UNCLEAR

    @cached_property
    def sample_ratio_p(self) -> float:
        return group_sizes_p(self.campaign, self.arms)

    @property
    def may_compare(self) -> bool:
        """Whether the arms may be set side by side at all."""
        return self.verdict in (Verdict.TOO_FEW, Verdict.MORE, Verdict.LESS, Verdict.UNCLEAR)

    @cached_property
    def plain_effect(self) -> Interval | None:
        return welch(self.arms.treated, self.arms.held_out)

    @cached_property
    def buyers_effect(self) -> RateInterval | None:
        treated, held = self.arms.treated, self.arms.held_out
        return newcombe(treated.buyers, treated.n, held.buyers, held.n)

    @property
    def message_cost(self) -> float:
        return float(self.campaign.message_cost) * self.reach.delivered

    @property
    def fixed_cost(self) -> float:
        """The campaign's, so nothing where only some of its stores are seen."""
        return 0.0 if self.in_part else float(self.campaign.fixed_cost)

    @property
    def cost(self) -> float:
        return self.message_cost + self.fixed_cost

    @property
    def margin(self) -> Margin | None:
        if self.arms.goods_sales > 0:
            return Margin(1 - self.arms.goods_cost / self.arms.goods_sales, is_measured=True)
        if self.campaign.margin is None:
            return None
        return Margin(float(self.campaign.margin), is_measured=False)

    @cached_property
    def earnings(self) -> Earnings | None:
        if self.verdict not in (Verdict.MORE, Verdict.LESS, Verdict.UNCLEAR):
            return None
        if self.arms.effect is None or self.margin is None:
            return None
        return earnings(self.arms.effect, self.arms.treated.n, self.margin.share, self.cost)
