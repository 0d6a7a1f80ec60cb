"""Which members a night must look at again: those whose receipts changed since the night before.

Receipts and kept versions get rising ids while one import at a time holds the lock, so what came
after a snapshot has higher ids than all that was seen in it; no clock is asked. What changes receipts
otherwise (an undone import, a product that became known) names the members it touched itself.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.db.models import Max
from numpy.typing import NDArray

from organization.models import Store
from sales.models import Brand, Receipt, ReceiptHistory, ReceiptsChange
from segmentation.models import NightlyRun
from segmentation.nightly.columns import BIG, FLAG, copy_out
from segmentation.nightly.objections import NOT_OBJECTED

# Beyond this part of the members who were scored, reading everybody is faster.
MOST_TOUCHED = 0.3

TOUCHED = f"""
    WITH fresh AS (
        SELECT member_id, store_id, source_id, business_day, original_number
        FROM sales_receipt WHERE id > %(receipt)s
        UNION ALL
        SELECT member_id, store_id, source_id, business_day, original_number
        FROM sales_receipthistory WHERE id > %(version)s
        UNION ALL
        SELECT r.member_id, r.store_id, r.source_id, r.business_day, r.original_number
        FROM sales_receipthistory h JOIN sales_receipt r ON r.id = h.receipt_id WHERE h.id > %(version)s
    ),
    touched AS (
        SELECT member_id, business_day FROM fresh
        UNION ALL
        -- A return takes the visit off the receipt it returns.
        SELECT o.member_id, o.business_day FROM fresh f JOIN sales_receipt o
            ON o.store_id = f.store_id AND o.source_id = f.source_id AND o.number = f.original_number
        WHERE f.original_number <> ''
        UNION ALL
        SELECT member_id, first_day FROM sales_changedmember
        UNION ALL
        -- Receipts that enter the window, and those that leave it.
        SELECT member_id, %(as_of)s::date FROM sales_receipt
        WHERE business_day > %(before)s AND business_day <= %(as_of)s
        UNION ALL
        SELECT member_id, %(as_of)s::date FROM sales_receipt
        WHERE business_day > %(left_before)s AND business_day <= %(left)s
        UNION ALL
        -- Who objected to profiling and does so no more.
        SELECT member_id, %(as_of)s::date FROM segmentation_memberscore p
        WHERE segment IS NULL AND receipts > 0 AND {NOT_OBJECTED}
    )
    SELECT t.member_id, min(t.business_day) <= %(left_before)s
    FROM touched t WHERE t.member_id IS NOT NULL GROUP BY t.member_id ORDER BY t.member_id"""
# Told apart here: to join a million members takes longer than all the rest.
ANONYMOUS = "SELECT id FROM members_member WHERE is_anonymous AND id BETWEEN %(first)s AND %(last)s"


@dataclass(frozen=True)
class Touched:
    """`deep`: something changed before the window of the night before, so all history is read."""

    members: NDArray[np.int64]
    deep: NDArray[np.bool_]


def seen_now() -> dict[str, Any]:
    """What this snapshot holds, to tell later what came after it."""
    changes = list(ReceiptsChange.objects.order_by("pk").values_list("pk", flat=True))
    return {
        "receipt": Receipt.unscoped.aggregate(last=Max("pk"))["last"] or 0,
        "version": ReceiptHistory.unscoped.aggregate(last=Max("pk"))["last"] or 0,
        "changes": changes,
        "regions": _regions_now(),
        **_order_now(),
    }


def members_touched(run: NightlyRun) -> Touched | None:
    """Members to look at again; None if everybody must be, because nothing tells them apart."""
    last = previous(run)
    if last is None or not last.seen or last.window_days != run.window_days or not _same_order(last.seen):
        return None
    rows = _touched(last, run)
    if len(rows["member"]) > MOST_TOUCHED * last.members_scored:
        return None
    return Touched(rows["member"], rows["deep"])


def changed_since(run: NightlyRun) -> NDArray[np.int64] | None:
    """Members whose receipts are no longer what a published night read; None if nothing tells."""
    if not run.seen or not _same_order(run.seen):
        return None
    return _touched(run, run)["member"]


def _touched(last: NightlyRun, run: NightlyRun) -> dict[str, NDArray[Any]]:
    window = timedelta(days=run.window_days)
    params = {
        "receipt": last.seen["receipt"],
        "version": last.seen["version"],
        "before": last.as_of,
        "as_of": run.as_of,
        "left_before": last.as_of - window,
        "left": run.as_of - window,
    }
    rows = copy_out(TOUCHED, params, {"member": BIG, "deep": FLAG})
    is_named = ~are_anonymous(rows["member"])
    return {name: column[is_named] for name, column in rows.items()}


def are_anonymous(members: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Which of these members, ordered by id, stand for buyers nobody knows."""
    if not len(members):
        return np.zeros(0, bool)
    found = copy_out(ANONYMOUS, {"first": int(members[0]), "last": int(members[-1])}, {"id": BIG})
    return np.isin(members, found["id"])


def previous(run: NightlyRun) -> NightlyRun | None:
    """The published night this one goes on from; of the same day, where it is made again."""
    runs = NightlyRun.objects.filter(published_at__isnull=False, as_of__lte=run.as_of)
    return runs.order_by("-as_of").first()


def regions_changed(run: NightlyRun) -> bool:
    """Whether a store stands in another region than a published night saw."""
    now = _regions_now()
    return any(now.get(store, was) != was for store, was in run.seen.get("regions", {}).items())


def _regions_now() -> dict[str, int]:
    return {str(store): region for store, region in Store.unscoped.values_list("pk", "region")}


def _order_now() -> dict[str, list[int]]:
    """Ties between stores and brands are decided by the order of their codes and names."""
    return {
        "stores": list(Store.unscoped.order_by("code").values_list("pk", flat=True)),
        "brands": list(Brand.objects.order_by("name").values_list("pk", flat=True)),
    }


def _same_order(seen: dict[str, Any]) -> bool:
    """Whether those known then stand in the same order still; some may be new, unused ones gone."""
    now = _order_now()
    known = {name: set(seen[name]).intersection(now[name]) for name in now}
    return all(_of(now[name], known[name]) == _of(seen[name], known[name]) for name in now)


def _of(order: list[int], known: set[int]) -> list[int]:
    return [pk for pk in order if pk in known]
