"""Receipts and lines by COPY, and the facts worked out of them: of everybody, or of members named.

A receipt before the window is only counted and summed (`Closed`). Columns that belong together come as
one number, which takes half the time of a column each.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from organization.models import Store
from sales.models import Brand, SaleChannel
from segmentation.analytics import facts as analytics
from segmentation.models import NightlyRun
from segmentation.nightly.columns import BIG, FLAG, INT, SMALL, among, array_of, copy_out
from segmentation.nightly.touched import are_anonymous, previous

EPOCH = date(1970, 1, 1)
BEFORE_ALL = date(1, 1, 1)

# Of whom: members between two ids, or the members named.
BETWEEN = "member_id > %(above)s AND member_id <= %(last)s"
NAMED = "member_id = ANY(%(members)s::bigint[])"
COUNTS = "NOT is_return AND (returned = 0 OR returned < total)"
# day 18 bits, minute 11, online, counts, store 32
RECEIPTS = f"""
    SELECT member_id, id,
           ((business_day - DATE '1970-01-01')::int8 << 45) | (minute::int8 << 34)
           | ((channel = %(online)s)::int4::int8 << 33) | (({COUNTS})::int4::int8 << 32) | store_id,
           (total * 100)::int8
    FROM sales_receipt
    WHERE {{whose}} AND business_day > %(read_from)s AND business_day <= %(as_of)s"""
# product 31 bits, packs 32; cents with two flags below
LINES = """
    SELECT member_id, receipt_id, (product_id << 32) | (packs::int8 & 4294967295),
           ((amount * 100)::int8 << 2) | (is_carton::int4 << 1) | (discount > 0)::int4
    FROM sales_receiptline
    WHERE {whose} AND business_day > %(since)s AND business_day <= %(as_of)s"""
# Of a receipt before the window: day 18 bits, counts 1, cents 44 with a sign.
CENTS_BITS = 44
EARLIER = f"""
    SELECT member_id, ((business_day - DATE '1970-01-01')::int8 << {CENTS_BITS + 1})
           | (({COUNTS})::int4::int8 << {CENTS_BITS}) | ((total * 100)::int8 & {(1 << CENTS_BITS) - 1})
    FROM sales_receipt WHERE {{whose}} AND business_day <= %(read_from)s"""
# What the night before knows of such receipts; the last day only where it is sure.
CLOSED_BEFORE = """
    SELECT member_id, CASE WHEN first_day <= %(read_from)s THEN first_day - DATE '1970-01-01' ELSE -1 END,
           -1, lifetime_receipts - receipts, ((lifetime_spend - spend) * 100)::int8
    FROM segmentation_memberscore WHERE member_id = ANY(%(members)s::bigint[]) ORDER BY member_id"""
PRODUCTS = """
    SELECT id::int4, coalesce(brand_id, 0)::int4, coalesce(price_class, 0)::int2, format = 'slim',
           is_tobacco
    FROM sales_product"""


def _sum_of_earlier(whose: str, params: dict[str, Any]) -> analytics.Closed:
    """Summed here: the database takes as long for it as for sending twice the rows."""
    rows = copy_out(EARLIER.format(whose=whose), params, {"member": BIG, "packed": BIG})
    packed = rows["packed"]
    return analytics.closed(
        member=rows["member"],
        day=(packed >> CENTS_BITS + 1).astype(np.int32),
        counts=(packed >> CENTS_BITS & 1).astype(bool),
        cents=packed << 64 - CENTS_BITS >> 64 - CENTS_BITS,
    )


def _closed_before(whose: str, params: dict[str, Any]) -> analytics.Closed:
    types = {"member": BIG, "first_day": INT, "last_day": INT, "receipts": INT, "cents": BIG}
    return analytics.Closed(**copy_out(CLOSED_BEFORE, params, types))


def facts_between(run: NightlyRun, above: int, last: int) -> analytics.Facts:
    """The facts of every member between two ids, from all receipts."""
    facts = _facts(run, BETWEEN, {"above": above, "last": last})
    return facts.where(~are_anonymous(facts.member))


def facts_of(run: NightlyRun, members: NDArray[np.int64]) -> analytics.Facts:
    """The facts of these members, from all of their receipts."""
    return _facts(run, NAMED, {"members": array_of(members)})


def facts_of_touched(
    run: NightlyRun, members: NDArray[np.int64], is_deep: NDArray[np.bool_]
) -> analytics.Facts:
    """The same, but receipts before the last night's window are read only where they changed.

    What that night says of a member's life before its window is added to what is read. A member
    without a visit since then is read whole: nothing tells when the last one was.
    """
    since = previous(run)
    assert since is not None
    read_from = since.as_of - timedelta(days=since.window_days)
    named = {"members": array_of(members[~is_deep])}
    shallow = _facts(run, NAMED, named, read_from=read_from, closed=_closed_before)
    shallow = shallow.where(shallow.last_day >= 0)
    whole = facts_of(run, np.setdiff1d(members, shallow.member))
    return analytics.concatenate([shallow, whole])


def days(day: date) -> int:
    return (day - EPOCH).days


def _facts(
    run: NightlyRun,
    whose: str,
    params: dict[str, Any],
    *,
    read_from: date | None = None,
    closed: Callable[[str, dict[str, Any]], analytics.Closed] = _sum_of_earlier,
) -> analytics.Facts:
    since = run.as_of - timedelta(days=run.window_days)
    params = params | {
        "online": SaleChannel.ONLINE.value,
        "as_of": run.as_of,
        "since": since,
        "read_from": read_from or since,
    }
    lines, discounted = _lines(whose, params, as_of=days(run.as_of))
    return analytics.member_facts(
        receipts=_receipts(whose, params, discounted),
        lines=lines,
        closed=closed(whose, params),
        products=_products(),
        store_rank=_rank(list(Store.unscoped.order_by("code").values_list("pk", flat=True))),
        brand_rank=_rank(list(Brand.objects.order_by("name").values_list("pk", flat=True))),
        as_of=days(run.as_of),
        window=run.window_days,
    )


def _receipts(whose: str, params: dict[str, Any], discounted: NDArray[np.int64]) -> analytics.Receipts:
    types = dict.fromkeys(("member", "id", "packed", "cents"), BIG)
    rows = copy_out(RECEIPTS.format(whose=whose), params, types)
    packed = rows["packed"]
    return analytics.Receipts(
        member=rows["member"],
        day=(packed >> 45).astype(np.int32),
        minute=(packed >> 34 & 2047).astype(np.int16),
        store=(packed & 0xFFFFFFFF).astype(np.int32),
        online=(packed >> 33 & 1).astype(bool),
        cents=rows["cents"],
        counts=(packed >> 32 & 1).astype(bool),
        discounted=among(rows["id"], discounted),
    )


def _lines(whose: str, params: dict[str, Any], *, as_of: int) -> tuple[analytics.Lines, NDArray[np.int64]]:
    """The lines of the window, and the receipts with a discounted one."""
    types = dict.fromkeys(("member", "receipt", "packed", "cents"), BIG)
    rows = copy_out(LINES.format(whose=whose), params, types)
    lines = analytics.Lines(
        member=rows["member"],
        day=np.broadcast_to(np.int32(as_of), len(rows["member"])),
        product=(rows["packed"] >> 32).astype(np.int32),
        packs=rows["packed"].astype(np.int32),
        carton=(rows["cents"] & 2).astype(bool),
        cents=rows["cents"] >> 2,
    )
    return lines, rows["receipt"][(rows["cents"] & 1).astype(bool)]


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
