"""Lines that the catalogue learns more about: their product, and how many packs they are."""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from sales.models import Product
from sales.services import OF_PRODUCTS, receipts_changed


@dataclass(frozen=True)
class Match:
    """Lines of `sold_as`, a product that was only a barcode or is `product` itself, are of `product`.

    is_carton: the barcode is that of the carton; a line may say so of itself as well.
    """

    sold_as: int
    product: Product
    is_carton: bool


def restate_lines(matches: list[Match]) -> tuple[date, date] | None:
    """First and last business day of the lines that changed."""
    if not matches:
        return None
    products = [match.sold_as for match in matches]
    receipts_changed(why="match", rows=OF_PRODUCTS, products=products)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH done AS (
                UPDATE sales_receiptline l
                   SET product_id = m.product, is_carton = m.carton OR l.is_carton,
                       packs = trunc(l.quantity)::int * CASE WHEN NOT m.tobacco THEN 0
                           WHEN m.carton OR l.is_carton THEN m.per_carton ELSE 1 END
                  FROM unnest(%s::bigint[], %s::bigint[], %s::bool[], %s::int[], %s::bool[])
                       AS m (sold_as, product, tobacco, per_carton, carton)
                 WHERE l.product_id = m.sold_as
             RETURNING l.business_day
            )
            SELECT min(business_day), max(business_day) FROM done
            """,
            [
                products,
                [match.product.pk for match in matches],
                [match.product.is_tobacco for match in matches],
                [match.product.packs_per_carton for match in matches],
                [match.is_carton for match in matches],
            ],
        )
        first, last = cursor.fetchone()
    gone = {match.sold_as for match in matches} - {match.product.pk for match in matches}
    Product.objects.filter(pk__in=gone).delete()
    return (first, last) if first else None
