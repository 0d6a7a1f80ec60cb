"""What a campaign would be, before it starts: its audience, its groups, what it could find."""

from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

from django.db import connection

from campaigns.policy.audience import Audience, audience
from organization.models import Staff, Store

# Normal quantiles of 97.5 % and 80 %: what is found in four of five tries at the 5 % level.
POWER_80 = 1.96 + 0.84
SPREAD = """
SELECT stddev_samp(spend) FROM (
    SELECT coalesce(sum(total), 0) AS spend
    FROM unnest(%(members)s::bigint[]) AS member (id)
    LEFT JOIN sales_receipt receipt
        ON receipt.member_id = member.id AND receipt.business_day BETWEEN %(first)s AND %(last)s
    GROUP BY member.id
) AS spent
"""


@dataclass(frozen=True)
class Plan:
    """`detectable`: the difference in spend per member that would show in four of five tries."""

    audience: Audience
    treated: int
    held_out: int
    detectable: float | None


def campaign_plan(
    *, staff: Staff, segment: str, channel: str, holdout_share: float, horizon_days: int, day: date
) -> Plan:
    """The campaign as it would start on a day; the groups in round numbers, before the hash."""
    stores = Store.objects.visible_to(staff)
    chosen = audience(segment=segment, stores=stores, channel=channel, day=day)
    held_out = round(chosen.allowed * holdout_share)
    treated = chosen.allowed - held_out
    spread = _spread(chosen, first=day - timedelta(days=horizon_days), last=day - timedelta(days=1))
    if spread is None or not min(treated, held_out):
        return Plan(chosen, treated, held_out, None)
    return Plan(chosen, treated, held_out, POWER_80 * spread * sqrt(1 / treated + 1 / held_out))


def _spread(chosen: Audience, *, first: date, last: date) -> float | None:
    """Standard deviation of the members' spend in as many days before as the campaign will last."""
    # unscoped: the members were chosen within the scope of who asks.
    with connection.cursor() as cursor:
        cursor.execute(SPREAD, {"members": chosen.members.tolist(), "first": first, "last": last})
        (spread,) = cursor.fetchone() or (None,)
    return float(spread) if spread else None
