"""Lines that the catalogue learns more about: their product, and how many packs they are."""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from organization.models import Import
from sales.models import Product, ProductBarcode
from sales.services import OF_PRODUCTS, receipts_changed


@dataclass(frozen=True)
class Match:
    """Lines of `sold_as`, a product that was only a barcode or is `product` itself, are of `product`.

    is_carton: the barcode is that of the carton; a line may say so of itself as well.
    """

    sold_as: int
    product: Product
    is_carton: bool


# The same of lines and of the kept lines of replaced receipts, which an undo may bring back.
RESTATE = """
    UPDATE {table} l
       SET product_id = m.product, is_carton = m.carton OR l.is_carton,
           packs = trunc(l.quantity)::int * CASE WHEN NOT m.tobacco THEN 0
               WHEN m.carton OR l.is_carton THEN m.per_carton ELSE 1 END
      FROM m WHERE l.product_id = m.sold_as
 RETURNING l.business_day, l.receipt_id, l.line_number, {kept} AS kept,
           old.product_id, old.packs, old.is_carton,
           old.product_id <> new.product_id OR old.packs <> new.packs OR old.is_carton <> new.is_carton
               AS differs"""
RESTATE_ALL = f"""
    WITH m AS (
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bool[], %s::int[], %s::bool[])
            AS m (sold_as, product, tobacco, per_carton, carton)
    ),
    sold AS ({RESTATE.format(table="sales_receiptline", kept="NULL::bigint")}),
    kept AS ({RESTATE.format(table="sales_receiptlinehistory", kept="l.id")}),
    noted AS (
        INSERT INTO sales_linebefore
            (changed_by_id, receipt_id, line_number, kept, product_id, packs, is_carton)
        SELECT %s, receipt_id, line_number, kept, product_id, packs, is_carton
          FROM (SELECT * FROM sold UNION ALL SELECT * FROM kept) done WHERE differs
    )
    SELECT min(business_day), max(business_day) FROM sold"""


def restate_lines(record: Import, matches: list[Match]) -> tuple[date, date] | None:
    """First and last business day of the lines that changed; what they were is noted for an undo."""
    if not matches:
        return None
    products = [match.sold_as for match in matches]
    receipts_changed(why="match", rows=OF_PRODUCTS, products=products)
    with connection.cursor() as cursor:
        cursor.execute(
            RESTATE_ALL,
            [
                products,
                [match.product.pk for match in matches],
                [match.product.is_tobacco for match in matches],
                [match.product.packs_per_carton for match in matches],
                [match.is_carton for match in matches],
                record.pk,
            ],
        )
        first, last = cursor.fetchone()
    gone = {match.sold_as for match in matches} - {match.product.pk for match in matches}
    Product.objects.filter(pk__in=gone).delete()
    return (first, last) if first else None


def barcodes_known(values: set[str]) -> set[str]:
    """Those of the values that are the barcode of a product."""
    return set(ProductBarcode.objects.filter(barcode__in=values).values_list("barcode", flat=True))
