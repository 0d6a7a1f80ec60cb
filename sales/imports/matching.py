"""Barcodes that receipts knew before the catalogue did: their lines get the product it names."""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from sales.models import Product


@dataclass(frozen=True)
class Match:
    """Lines of `sold_as`, a product that was only a barcode, are of `product`."""

    sold_as: int
    product: Product
    is_carton: bool

    @property
    def packs_in_unit(self) -> int:
        if not self.product.is_tobacco:
            return 0
        return self.product.packs_per_carton if self.is_carton else 1


def restate_lines(matches: list[Match]) -> tuple[date, date] | None:
    """First and last business day of the lines that changed."""
    if not matches:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH done AS (
                UPDATE sales_receiptline l
                   SET product_id = m.product, packs = trunc(l.quantity)::int * m.packs,
                       is_carton = m.carton AND m.packs > 0
                  FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::bool[])
                       AS m (sold_as, product, packs, carton)
                 WHERE l.product_id = m.sold_as
             RETURNING l.business_day
            )
            SELECT min(business_day), max(business_day) FROM done
            """,
            [
                [match.sold_as for match in matches],
                [match.product.pk for match in matches],
                [match.packs_in_unit for match in matches],
                [match.is_carton for match in matches],
            ],
        )
        first, last = cursor.fetchone()
    gone = {match.sold_as for match in matches} - {match.product.pk for match in matches}
    Product.objects.filter(pk__in=gone).delete()
    return (first, last) if first else None
