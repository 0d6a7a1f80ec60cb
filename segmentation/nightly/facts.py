"""Receipts and lines by COPY → facts of every member → pending rows."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import connection
from numpy.typing import NDArray

from organization.models import Store
from sales.models import Brand, Receipt, SaleChannel
from segmentation.analytics import facts as analytics
from segmentation.models import NightlyRun, PendingScore
from segmentation.nightly.columns import BIG, FLAG, FLOAT, INT, SMALL, copy_in, copy_out
from segmentation.nightly.objections import NOT_OBJECTED
from segmentation.nightly.stage import Outcome, Stage

EPOCH = date(1970, 1, 1)
# One shard of members at a time, so that memory does not grow with the chain.
RECEIPTS_PER_SHARD = 2_000_000

RECEIPTS = """
    SELECT r.member_id, r.business_day - DATE '1970-01-01', r.minute, r.store_id::int4,
           r.channel = %(online)s, (r.total * 100)::int8,
           NOT r.is_return AND (r.returned = 0 OR r.returned < r.total),
           d.receipt_id IS NOT NULL
    FROM sales_receipt r
    LEFT JOIN (
        SELECT DISTINCT receipt_id FROM sales_receiptline
        WHERE discount > 0 AND member_id %% %(shards)s = %(shard)s
          AND business_day > %(since)s AND business_day <= %(as_of)s
    ) d ON d.receipt_id = r.id
    WHERE r.member_id %% %(shards)s = %(shard)s AND r.business_day <= %(as_of)s
      AND r.member_id NOT IN (SELECT id FROM members_member WHERE is_anonymous)"""
LINES = """
    SELECT member_id, business_day - DATE '1970-01-01', product_id::int4, packs, is_carton,
           (amount * 100)::int8
    FROM sales_receiptline
    WHERE member_id %% %(shards)s = %(shard)s
      AND business_day > %(since)s AND business_day <= %(as_of)s
      AND member_id NOT IN (SELECT id FROM members_member WHERE is_anonymous)"""
PRODUCTS = """
    SELECT id::int4, coalesce(brand_id, 0)::int4, coalesce(price_class, 0)::int2, format = 'slim',
           is_tobacco
    FROM sales_product"""

READ_BACK = """
    SELECT member_id, coalesce(first_day - DATE '1970-01-01', -1),
           coalesce(last_day - DATE '1970-01-01', -1), lifetime_receipts, (lifetime_spend * 100)::int8,
           receipts, (spend * 100)::int8, purchase_days, stores, home_store_id, packs,
           coalesce(top_brand, 0), {ratios}
    FROM segmentation_pendingscore p WHERE run_id = %(run)s AND {objected} ORDER BY member_id"""
COUNTS = ("lifetime_receipts", "receipts", "purchase_days", "packs", "stores")
RATIOS = (
    *("gap_mean", "gap_cv", "discount_share", "online_share", "weekend_share", "evening_share"),
    *("carton_share", "class1", "class2", "class3", "class4", "class5", "slim_share", "brand_entropy"),
)


def read(run: NightlyRun) -> analytics.Facts:
    receipts = Receipt.unscoped.filter(member__isnull=False).count()
    shards = 1 + receipts // RECEIPTS_PER_SHARD
    return analytics.concatenate([_shard_facts(run, shard, shards) for shard in range(shards)])


def write(run: NightlyRun, facts: analytics.Facts) -> Outcome:
    PendingScore.unscoped.filter(run=run).delete()
    rows = copy_in("segmentation_pendingscore", _rows(run, facts))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE segmentation_pendingscore")
    return Outcome(rows)


STAGE = Stage(read, write)


def population(run: NightlyRun) -> analytics.Facts:
    """The stored facts of the members who are scored: a receipt in the window, no objection."""
    whole = {"first_day": INT, "last_day": INT, "lifetime_receipts": INT, "lifetime_cents": BIG}
    whole |= {"receipts": INT, "cents": BIG, "purchase_days": INT, "stores": INT, "home_store": BIG}
    whole |= {"packs": INT, "top_brand": INT}
    ratios = {name: name for name in RATIOS}
    ratios |= {"mean_ticket_cents": "mean_ticket * 100", "price_per_pack": "price_per_pack * 100"}
    asked = ", ".join(f"coalesce({expression}, 'NaN')" for expression in ratios.values())
    types = {"member": BIG, **whole, **dict.fromkeys(ratios, FLOAT)}
    query = READ_BACK.format(ratios=asked, objected=NOT_OBJECTED)
    facts = analytics.Facts(**copy_out(query, {"run": run.pk}, types))
    return facts.where(facts.receipts > 0)


def days(day: date) -> int:
    return (day - EPOCH).days


def _shard_facts(run: NightlyRun, shard: int, shards: int) -> analytics.Facts:
    params = {
        "online": SaleChannel.ONLINE.value,
        "shard": shard,
        "shards": shards,
        "as_of": run.as_of,
        "since": run.as_of - timedelta(days=run.window_days),
    }
    receipts = {"member": BIG, "day": INT, "minute": SMALL, "store": INT, "online": FLAG}
    receipts |= {"cents": BIG, "counts": FLAG, "discounted": FLAG}
    lines = {"member": BIG, "day": INT, "product": INT, "packs": INT, "carton": FLAG, "cents": BIG}
    return analytics.member_facts(
        receipts=analytics.Receipts(**copy_out(RECEIPTS, params, receipts)),
        lines=analytics.Lines(**copy_out(LINES, params, lines)),
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


def _rows(run: NightlyRun, facts: analytics.Facts) -> dict[str, Any]:
    return {
        "run_id": np.full(len(facts.member), run.pk),
        "member_id": facts.member,
        "home_store_id": _home_stores(facts),
        "first_day": _dates(facts.first_day),
        "last_day": _dates(facts.last_day),
        # Hundredths divided by 100 print as the same two decimals.
        "lifetime_spend": facts.lifetime_cents / 100,
        "spend": facts.cents / 100,
        "mean_ticket": _or_null(facts.mean_ticket_cents / 100),
        "price_per_pack": _or_null(facts.price_per_pack / 100),
        "top_brand": pa.array(facts.top_brand, mask=facts.top_brand == 0),
        **{name: getattr(facts, name) for name in COUNTS},
        **{name: _or_null(getattr(facts, name)) for name in RATIOS},
    }


def _dates(column: NDArray[Any]) -> Any:
    return pa.array(column.astype(np.int32), mask=column < 0).cast(pa.date32())


def _or_null(column: NDArray[Any]) -> Any:
    return pa.array(column, from_pandas=True)


def _home_stores(facts: analytics.Facts) -> NDArray[Any]:
    """Where nobody bought in the window, the store that enrolled the member."""
    query = "SELECT id, enrolment_store_id FROM members_member ORDER BY id"
    enrolled = copy_out(query, {}, {"member": BIG, "store": BIG})
    fallback = enrolled["store"][np.searchsorted(enrolled["member"], facts.member)]
    return np.where(facts.home_store > 0, facts.home_store, fallback)
