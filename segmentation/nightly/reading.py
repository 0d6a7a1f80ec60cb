"""Receipts and lines by COPY, and the facts worked out of them: of everybody, or of members named."""

from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from organization.models import Store
from sales.models import Brand, Receipt, SaleChannel
from segmentation.analytics import facts as analytics
from segmentation.models import NightlyRun
from segmentation.nightly.columns import BIG, FLAG, INT, SMALL, copy_out
from segmentation.nightly.touched import Touched

EPOCH = date(1970, 1, 1)
# One shard of members at a time, so that memory does not grow with the chain.
RECEIPTS_PER_SHARD = 2_000_000

# Of whom: a shard of all members, or the members named.
SHARD = """member_id %% %(shards)s = %(shard)s
      AND member_id NOT IN (SELECT id FROM members_member WHERE is_anonymous)"""
NAMED = "member_id = ANY(%(members)s::bigint[])"
RECEIPTS = """
    SELECT r.member_id, r.business_day - DATE '1970-01-01', r.minute, r.store_id::int4,
           r.channel = %(online)s, (r.total * 100)::int8,
           NOT r.is_return AND (r.returned = 0 OR r.returned < r.total),
           d.receipt_id IS NOT NULL
    FROM sales_receipt r
    LEFT JOIN (
        SELECT DISTINCT receipt_id FROM sales_receiptline
        WHERE discount > 0 AND {whose} AND business_day > %(since)s AND business_day <= %(as_of)s
    ) d ON d.receipt_id = r.id
    WHERE {whose} AND r.business_day > %(read_from)s AND r.business_day <= %(as_of)s"""
LINES = """
    SELECT member_id, business_day - DATE '1970-01-01', product_id::int4, packs, is_carton,
           (amount * 100)::int8
    FROM sales_receiptline
    WHERE {whose} AND business_day > %(since)s AND business_day <= %(as_of)s"""
# What the night before knows of the receipts before its window.
CLOSED = """
    SELECT member_id, CASE WHEN first_day <= %(read_from)s THEN first_day - DATE '1970-01-01' ELSE -1 END,
           lifetime_receipts - receipts, ((lifetime_spend - spend) * 100)::int8
    FROM segmentation_memberscore WHERE member_id = ANY(%(members)s::bigint[]) ORDER BY member_id"""
PRODUCTS = """
    SELECT id::int4, coalesce(brand_id, 0)::int4, coalesce(price_class, 0)::int2, format = 'slim',
           is_tobacco
    FROM sales_product"""


def facts_of_all(run: NightlyRun) -> analytics.Facts:
    """Every member's facts, from all receipts."""
    receipts = Receipt.unscoped.filter(member__isnull=False).count()
    shards = 1 + receipts // RECEIPTS_PER_SHARD
    parts = [_facts(run, SHARD, {"shard": shard, "shards": shards}) for shard in range(shards)]
    return analytics.concatenate(parts)


def facts_of(run: NightlyRun, members: NDArray[np.int64]) -> analytics.Facts:
    """The facts of these members, from all of their receipts."""
    return _facts(run, NAMED, {"members": members.tolist()})


def facts_of_touched(run: NightlyRun, touched: Touched) -> analytics.Facts:
    """The same, but receipts before the last night's window are read only where they changed.

    What that night says of a member's life before its window is added to what is read. A member
    without a visit since then is read whole: nothing tells when the last one was.
    """
    read_from = touched.since.as_of - timedelta(days=touched.since.window_days)
    named = {"members": touched.members[~touched.deep].tolist()}
    shallow = _facts(run, NAMED, named, read_from=read_from)
    shallow = shallow.where(shallow.last_day >= 0)
    types = {"member": BIG, "first_day": INT, "receipts": INT, "cents": BIG}
    closed = analytics.Closed(**copy_out(CLOSED, {**named, "read_from": read_from}, types))
    whole = facts_of(run, np.setdiff1d(touched.members, shallow.member))
    return analytics.concatenate([analytics.add_closed(shallow, closed), whole])


def days(day: date) -> int:
    return (day - EPOCH).days


def _facts(
    run: NightlyRun, whose: str, params: dict[str, Any], *, read_from: date = date.min
) -> analytics.Facts:
    params = params | {
        "online": SaleChannel.ONLINE.value,
        "as_of": run.as_of,
        "since": run.as_of - timedelta(days=run.window_days),
        "read_from": read_from,
    }
    receipts = {"member": BIG, "day": INT, "minute": SMALL, "store": INT, "online": FLAG}
    receipts |= {"cents": BIG, "counts": FLAG, "discounted": FLAG}
    lines = {"member": BIG, "day": INT, "product": INT, "packs": INT, "carton": FLAG, "cents": BIG}
    return analytics.member_facts(
        receipts=analytics.Receipts(**copy_out(RECEIPTS.format(whose=whose), params, receipts)),
        lines=analytics.Lines(**copy_out(LINES.format(whose=whose), params, lines)),
        products=_products(),
        store_rank=_rank(list(Store.unscoped.order_by("code").values_list("pk", flat=True))),
        brand_rank=_rank(list(Brand.objects.order_by("name").values_list("pk", flat=True))),
        as_of=days(run.as_of),
        window=run.window_days,
    )


def _products() -> analytics.Products:
    types = {"id": INT, "brand": INT, "price_class": SMALL, "slim": FLAG, "tobacco": FLAG}
    rows = copy_out(PRODUCTS, {}, types)
    ids = rows.pop("id")
    columns = {name: _by_id(ids, values) for name, values in rows.items()}
    return analytics.Products(**columns)


def _rank(ids_in_order: list[int]) -> NDArray[Any]:
    ids = np.array(ids_in_order, np.int64)
    return _by_id(ids, np.arange(len(ids)))


def _by_id(ids: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    indexed = np.zeros(ids.max(initial=0) + 1, values.dtype)
    indexed[ids] = values
    return indexed
