"""Writes of this app."""

from datetime import date
from typing import Any

from django.db import connection, transaction

from organization.database import lock
from sales.models import ReceiptsChange, StoreDay

# How far back a purchase makes a buyer a repeat buyer, and a member an active one.
BUYER_DAYS = 30

# A sale that was returned in full is no receipt and no visit; the money counts where it moved.
COUNTS = "NOT is_return AND (returned = 0 OR returned < total)"

STORE_DAYS = f"""
    WITH sale AS (
        SELECT store_id, business_day AS day, sum(total) AS sales,
               count(*) FILTER (WHERE {COUNTS}) AS receipts,
               coalesce(sum(total) FILTER (WHERE member_id IS NOT NULL), 0) AS member_sales,
               count(*) FILTER (WHERE {COUNTS} AND member_id IS NOT NULL) AS member_receipts
        FROM sales_receipt WHERE business_day BETWEEN %(first)s AND %(last)s
        GROUP BY store_id, business_day
    ),
    pack AS (
        SELECT store_id, business_day AS day, sum(packs) AS packs
        FROM sales_receiptline WHERE business_day BETWEEN %(first)s AND %(last)s
        GROUP BY store_id, business_day
    ),
    -- Several receipts of a day are one visit; visits of a day after a last one on the same day are one row.
    visit AS (
        SELECT store_id, day, before, count(*) AS visits FROM (
            SELECT store_id, business_day AS day, lag(business_day) OVER (
                       PARTITION BY store_id, member_id ORDER BY business_day) AS before
            FROM sales_receipt
            WHERE member_id IS NOT NULL AND {COUNTS}
              AND business_day BETWEEN %(first)s - %(days)s AND %(last)s
        ) r WHERE before IS NULL OR before < day GROUP BY store_id, day, before
    ),
    buyer AS (
        SELECT store_id, day, sum(visits) AS buyers,
               sum(visits) FILTER (WHERE day - before <= %(days)s) AS repeat_buyers
        FROM visit GROUP BY store_id, day
    ),
    -- A visit keeps a member active for 30 days, but for those in which the one before still does.
    step AS (
        SELECT store_id, greatest(day, before + %(days)s) AS day, sum(visits) AS change
        FROM visit GROUP BY 1, 2
        UNION ALL
        SELECT store_id, day + %(days)s, -buyers FROM buyer
        UNION ALL
        SELECT store_id, day::date, 0
        FROM (SELECT store_id FROM buyer UNION SELECT store_id FROM sale) s,
             generate_series(%(first)s::timestamp, %(last)s::timestamp, '1 day') AS day
    ),
    active AS (
        SELECT store_id, day, sum(sum(change)) OVER (PARTITION BY store_id ORDER BY day) AS members
        FROM step GROUP BY store_id, day
    )
    INSERT INTO sales_storeday (store_id, day, sales, receipts, packs, member_sales, member_receipts,
                                buyers, repeat_buyers, active_members)
    SELECT a.store_id, a.day, coalesce(s.sales, 0), coalesce(s.receipts, 0), coalesce(p.packs, 0),
           coalesce(s.member_sales, 0), coalesce(s.member_receipts, 0),
           coalesce(b.buyers, 0), coalesce(b.repeat_buyers, 0), a.members
    FROM active a
    LEFT JOIN sale s USING (store_id, day)
    LEFT JOIN pack p USING (store_id, day)
    LEFT JOIN buyer b USING (store_id, day)
    WHERE a.day BETWEEN %(first)s AND %(last)s AND (s.store_id IS NOT NULL OR a.members > 0)"""

STORE_HOURS = f"""
    INSERT INTO sales_storehour (store_id, day, hour, receipts, member_receipts, sales)
    SELECT store_id, business_day, minute / 60, count(*) FILTER (WHERE {COUNTS}),
           count(*) FILTER (WHERE {COUNTS} AND member_id IS NOT NULL), sum(total)
    FROM sales_receipt WHERE business_day BETWEEN %(first)s AND %(last)s
    GROUP BY store_id, business_day, minute / 60"""


CHANGED = """
    INSERT INTO sales_changedmember (change_id, member_id, first_day)
    SELECT %(change)s, member_id, min(business_day) FROM ({rows}) r
    WHERE member_id IS NOT NULL GROUP BY member_id"""
OF_PRODUCTS = "SELECT member_id, business_day FROM sales_receiptline WHERE product_id = ANY(%(products)s)"


@transaction.atomic
def receipts_changed(*, why: str, rows: str, **params: Any) -> None:
    """Note for the next night whose receipts changed other than by an import of receipts.

    rows: a query of member_id and business_day, of the receipts before the change or after it.
    """
    change = ReceiptsChange.objects.create(why=why)
    with connection.cursor() as cursor:
        cursor.execute(CHANGED.format(rows=rows), {"change": change.pk, **params})


@transaction.atomic
def store_days_rebuild(*, first: date, last: date) -> int:
    """Replace the sums per store, day and hour of these days; the number of rows written."""
    params: dict[str, date | int] = {"first": first, "last": last, "days": BUYER_DAYS}
    rows = 0
    lock(StoreDay)  # Two rebuilds at once would both insert the same days.
    with connection.cursor() as cursor:
        for table, statement in (("sales_storeday", STORE_DAYS), ("sales_storehour", STORE_HOURS)):
            cursor.execute(f"DELETE FROM {table} WHERE day BETWEEN %(first)s AND %(last)s", params)
            cursor.execute(statement, params)
            rows += cursor.rowcount
    return rows
