"""What a campaign changed: sums per arm and store, and the gap day by day, from receipts."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from numpy.typing import NDArray

from campaigns.delivery.sandbox import refuse_pending
from campaigns.models import ArmTotal, Campaign, CampaignResult
from campaigns.policy.rules import Reason
from organization.models import Import

BASELINE_DAYS = 90  # before the start: the x of CUPED
CURVE_DAYS = 28  # before the start: what the curve shows
SETTLE_DAYS = 30  # after the end: tills send files late
MEMBERS_AT_ONCE = 50_000

# Receipts are read once; each member then counts with all of them and with the home store's.
ARMS = """
WITH spent AS (
    SELECT assigned.member_id, assigned.treated, assigned.home_store_id,
        receipt.store_id = assigned.home_store_id AS at_home,
        coalesce(sum(total) FILTER (WHERE business_day >= %(start)s), 0) * 100 AS y,
        coalesce(sum(total) FILTER (WHERE business_day < %(start)s), 0) * 100 AS x,
        -- A receipt that was returned in full is no purchase.
        coalesce(bool_or(business_day >= %(start)s AND NOT is_return
            AND (returned < total OR total <= 0)), FALSE) AS bought
    FROM campaigns_assignment assigned
    LEFT JOIN sales_receipt receipt
        ON receipt.member_id = assigned.member_id
        AND receipt.business_day BETWEEN %(baseline)s AND %(last)s
    WHERE assigned.campaign_id = %(campaign)s
    GROUP BY assigned.member_id, assigned.treated, assigned.home_store_id, at_home
),
per_scope AS (
    SELECT member_id, treated, scope.store_id,
        coalesce(sum(y) FILTER (WHERE scope.counts), 0) AS y,
        coalesce(sum(x) FILTER (WHERE scope.counts), 0) AS x,
        coalesce(bool_or(bought AND scope.counts), FALSE) AS bought
    FROM spent
    CROSS JOIN LATERAL (VALUES (NULL::bigint, TRUE), (home_store_id, at_home)) scope (store_id, counts)
    GROUP BY member_id, treated, scope.store_id
)
SELECT store_id, treated, count(*) AS n, count(*) FILTER (WHERE bought) AS buyers,
    sum(y) AS sum_y, sum(y * y) AS sum_yy, sum(x) AS sum_x, sum(x * x) AS sum_xx, sum(x * y) AS sum_xy,
    coalesce(sum(y) FILTER (WHERE bought AND message.status = 'delivered'), 0) AS attributed
FROM per_scope
LEFT JOIN campaigns_message message
    ON message.campaign_id = %(campaign)s AND message.member_id = per_scope.member_id
GROUP BY store_id, treated
"""
# Every member once for all receipts (no store) and once for those of the home store.
SCOPED = """
WITH scoped AS (
    SELECT assigned.member_id, assigned.treated, scope.store_id
    FROM campaigns_assignment assigned
    CROSS JOIN LATERAL (VALUES (NULL::bigint), (assigned.home_store_id)) scope (store_id)
    WHERE assigned.campaign_id = %(campaign)s
)
"""
GOODS = (
    SCOPED
    + """
SELECT scoped.store_id, sum(amount) * 100 AS goods_sales, sum(quantity * buy_price) * 100 AS goods_cost
FROM scoped
JOIN sales_receiptline line
    ON line.member_id = scoped.member_id
    AND line.business_day BETWEEN %(start)s AND %(last)s
    AND (scoped.store_id IS NULL OR line.store_id = scoped.store_id)
-- Tills that do not know a buy price send none or nought.
WHERE scoped.treated AND buy_price > 0
GROUP BY scoped.store_id
"""
)
REDEEMED = (
    SCOPED
    + """
SELECT scoped.store_id, sum(receipt.total) * 100 AS attributed
FROM scoped
JOIN (SELECT DISTINCT member_id, day FROM campaigns_redemption WHERE campaign_id = %(campaign)s) redeemed
    ON redeemed.member_id = scoped.member_id
JOIN sales_receipt receipt
    ON receipt.member_id = scoped.member_id AND receipt.business_day = redeemed.day
    AND (scoped.store_id IS NULL OR receipt.store_id = scoped.store_id)
GROUP BY scoped.store_id
"""
)
MEMBER_DAYS = """
SELECT receipt.member_id, receipt.business_day - %(start)s, (sum(receipt.total) * 100)::bigint
FROM sales_receipt receipt
WHERE receipt.member_id = ANY(%(members)s) AND receipt.business_day BETWEEN %(curve)s AND %(last)s
GROUP BY receipt.member_id, receipt.business_day
"""


def results_refresh(as_of: date) -> None:
    """Compute every campaign again that is running or whose last receipts may still come in."""
    running = Q(status=Campaign.Status.RUNNING, starts_on__lte=as_of)
    settling = Q(status=Campaign.Status.FINISHED, ends_on__gte=as_of - timedelta(days=SETTLE_DAYS))
    for campaign in Campaign.unscoped.filter(running | settling | _undone()).order_by("pk"):
        result_compute(campaign=campaign, as_of=as_of)


def _undone() -> Q:
    """Ended campaigns whose receipts an undo took away or put back, however long ago they ended."""
    since = timezone.now() - timedelta(days=SETTLE_DAYS)
    undone = Import.unscoped.filter(undone_at__gte=since, first_day__isnull=False)
    found = Q(pk__in=[])
    for first, last in undone.values_list("first_day", "last_day"):
        baseline = last + timedelta(days=BASELINE_DAYS)
        found |= Q(status=Campaign.Status.FINISHED, starts_on__lte=baseline, ends_on__gte=first)
    return found


@transaction.atomic
def result_compute(*, campaign: Campaign, as_of: date) -> None:
    """Replace a campaign's figures by those of the receipts up to a day, and end it if it is over."""
    campaign = Campaign.unscoped.select_for_update().get(pk=campaign.pk)
    days = _days(campaign, as_of)
    totals = _arm_totals(campaign, days)
    ArmTotal.unscoped.filter(campaign=campaign).delete()
    ArmTotal.unscoped.bulk_create(totals, 1_000)
    daily = _daily(campaign, days) if campaign.has_control else []
    CampaignResult.objects.update_or_create(campaign=campaign, defaults={"as_of": as_of, "daily": daily})
    if campaign.status == Campaign.Status.RUNNING and as_of >= days["ends"]:
        _finish(campaign)


def _finish(campaign: Campaign) -> None:
    refuse_pending(campaign=campaign, reason=Reason.TOO_LATE)
    Campaign.unscoped.filter(pk=campaign.pk).update(status=Campaign.Status.FINISHED)


def _days(campaign: Campaign, as_of: date) -> dict[str, Any]:
    assert campaign.starts_on and campaign.ends_on, "a started campaign has its days"
    return {
        "campaign": campaign.pk,
        "start": campaign.starts_on,
        "ends": campaign.ends_on,
        "last": min(campaign.ends_on, as_of),
        "baseline": campaign.starts_on - timedelta(days=BASELINE_DAYS),
        "curve": campaign.starts_on - timedelta(days=CURVE_DAYS),
    }


def _arm_totals(campaign: Campaign, days: dict[str, Any]) -> list[ArmTotal]:
    totals = [ArmTotal(campaign=campaign, **row) for row in _rows(ARMS, days)]
    treated = {total.store_id: total for total in totals if total.treated}
    for query in (GOODS,) if campaign.has_control else (GOODS, REDEEMED):
        for row in _rows(query, days):
            total = treated[row.pop("store_id")]
            for name, value in row.items():
                setattr(total, name, value.to_integral_value())
    return totals


def _rows(query: str, days: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query, days)
        names = [column.name for column in cursor.description or []]
        for row in cursor.fetchall():
            yield dict(zip(names, row, strict=True))


def _daily(campaign: Campaign, days: dict[str, Any]) -> list[dict[str, Any]]:
    """Mean spend of each arm since the day before the start, and the standard error of the gap."""
    length = CURVE_DAYS + (days["last"] - days["start"]).days + 1
    arms = {}
    for treated in (True, False):
        members = campaign.assignments.filter(treated=treated).values_list("member_id", flat=True)
        arms[treated] = _arm_curve(np.fromiter(members, dtype=np.int64), days, length)
    (mean_t, var_t), (mean_c, var_c) = arms[True], arms[False]
    return [
        {"day": day - CURVE_DAYS, "treated": t, "held": c, "se": se}
        for day, (t, c, se) in enumerate(
            zip(mean_t.tolist(), mean_c.tolist(), np.sqrt(var_t + var_c).tolist(), strict=True)
        )
    ]


def _arm_curve(
    members: NDArray[np.int64], days: dict[str, Any], length: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per day the mean of cumulative spend in cents, and the variance of that mean."""
    n = len(members)
    sums, squares = np.zeros(length), np.zeros(length)
    for first in range(0, n, MEMBERS_AT_ONCE):
        curves = _curves(np.sort(members[first : first + MEMBERS_AT_ONCE]), days, length)
        sums += curves.sum(axis=0)
        squares += (curves**2).sum(axis=0)
    mean = sums / n
    return mean, np.maximum(squares / n - mean**2, 0) / max(n - 1, 1)


def _curves(members: NDArray[np.int64], days: dict[str, Any], length: int) -> NDArray[np.float64]:
    """Cumulative spend, members × days, as the difference to the day before the start."""
    with connection.cursor() as cursor:
        cursor.execute(MEMBER_DAYS, {**days, "members": members.tolist()})
        rows = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 3)
    spent = np.zeros((len(members), length))
    spent[np.searchsorted(members, rows[:, 0]), rows[:, 1] + CURVE_DAYS] = rows[:, 2]
    total: NDArray[np.float64] = spent.cumsum(axis=1)
    return total - total[:, [CURVE_DAYS - 1]]
