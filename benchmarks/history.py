"""Years of receipts straight into the tables, day by day: what the nights are measured on.

Everything about a receipt follows from its number, so that the receipts are the same each time. Who
buys often and who seldom, where, when and what differs from member to member, as the facts look at it.
"""

from datetime import date

from benchmarks.databases import run
from organization.models import Import, ImportKind, Source

LAST_DAY = date(2025, 10, 30)
BRANDS, PRICE_CLASSES = 40, 5


def describe_products() -> None:
    """Brands, classes and forms for the products of the chain."""
    run(f"INSERT INTO sales_brand (name) SELECT '云岭 ' || n FROM generate_series(1, {BRANDS}) n"
        " ON CONFLICT DO NOTHING")  # fmt: skip
    run(
        "UPDATE sales_product SET price_class = 1 + id %% 5, format = CASE WHEN id %% 3 = 0 THEN 'slim'"
        " ELSE 'regular' END, brand_id = (SELECT min(id) FROM sales_brand) + id * 7 %% %s"
        " WHERE is_tobacco",
        BRANDS,
    )


def add_days(begin: date, first: date, days: int, *, per_day: int) -> None:
    """Receipts and lines of these days, as an import of them would have left them.

    begin: the first day of the history, from which receipts are numbered.
    """
    source = Source.objects.get_or_create(name="POS")[0]
    record = Import.unscoped.create(kind=ImportKind.SALES, source=source, file_name=str(first), path="")
    start = (first - begin).days * per_day
    run(_RECEIPTS, source.pk, record.pk, begin, start, start + days * per_day - 1, per_day)
    run(_LINES, record.pk)


# A tenth of the receipts are nobody's. The square of a draw makes few members buy often.
_RECEIPTS = """
INSERT INTO sales_receipt (store_id, source_id, number, epoch, member_id, business_day, moment, minute,
                           till, clerk, channel, tender, is_return, total, original_number, returned,
                           content, imported_by_id)
SELECT stores[1 + (CASE WHEN h % 5 < 4 THEN who ELSE h END) % cardinality(stores)], %s, 'N' || n, 0,
       CASE WHEN h % 10 > 0 THEN members[1 + who] END, day, day + minute * interval '1 minute', minute,
       '1', '', 1 + (h % 9 = 0)::int, 'cash', false, (10 + (who % 7) * 3 + h % 13) * lines, '', 0, h, %s
  FROM (SELECT n, h, day, members, stores, (480 + (who * 37 + h % 400) % 900)::int AS minute,
               1 + (h % 10 < 3)::int + (h % 50 < 5)::int AS lines, who
          FROM (SELECT n, abs(hashint8extended(n, 1)) AS h, members, stores,
                       %s::date + (n / per_day)::int AS day,
                       floor(cardinality(members)
                             * power(abs(hashint8extended(n, 2) % 1000003) / 1000003.0, 1.6))::int AS who
                  FROM (SELECT %s::bigint AS first, %s::bigint AS last, %s::bigint AS per_day,
                               (SELECT array_agg(id ORDER BY id) FROM organization_store) AS stores,
                               (SELECT array_agg(id ORDER BY id) FROM members_member) AS members) AS given,
                       generate_series(first, last) AS n) AS numbered) AS drawn
 ORDER BY day, 1
""".replace("%", "%%").replace("%%s", "%s")
_LINES = """
INSERT INTO sales_receiptline (receipt_id, line_number, store_id, member_id, business_day, product_id,
                               quantity, packs, is_carton, amount, discount, buy_price)
SELECT r.id, line, r.store_id, r.member_id, r.business_day,
       products[1 + (coalesce(r.member_id, 0) * 13 + (r.content + line) % 5 * 7) % cardinality(products)],
       1, CASE WHEN r.content % 20 = 0 THEN 10 ELSE 1 + r.content % 3 END, r.content % 20 = 0,
       r.total / lines, CASE WHEN r.content % 8 = 0 THEN 1 ELSE 0 END, null
  FROM (SELECT array_agg(id ORDER BY id) AS products FROM sales_product WHERE is_tobacco) AS given,
       (SELECT *, 1 + (content % 10 < 3)::int + (content % 50 < 5)::int AS lines
          FROM sales_receipt WHERE imported_by_id = %s) r,
       generate_series(1, lines) AS line
 ORDER BY r.id, line
""".replace("%", "%%").replace("%%s", "%s")
