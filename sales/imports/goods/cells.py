"""What the cells of files of goods become, and which product they name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from organization.imports import columns as cells
from organization.imports.columns import BadCell
from organization.models import Import
from sales.imports.goods.columns import RETURNS
from sales.imports.parse import MOST_LINES, Stores
from sales.models import Product, ProductBarcode

QUANTITIES = ("opening", "received", "sold", "adjusted", "other", "closing")


@dataclass(frozen=True)
class Sold:
    """A product, and how many packs one unit under the name it was called by is."""

    pk: int
    packs: int


class Goods:
    """Products by code and by barcode.

    Only those a file of products described: what is known by its barcode alone may yet give way to one.
    """

    def __init__(self) -> None:
        self._codes = {
            code: Sold(pk, int(tobacco))
            for pk, code, tobacco in Product.objects.filter(is_matched=True)
            .values_list("pk", "code", "is_tobacco")
            .iterator()
        }
        rows = ProductBarcode.objects.filter(product__is_matched=True).values_list(
            "barcode", "product_id", "is_carton", "product__is_tobacco", "product__packs_per_carton"
        )
        self._barcodes = {
            barcode: Sold(pk, int(tobacco) * (per_carton if is_carton else 1))
            for barcode, pk, is_carton, tobacco, per_carton in rows.iterator()
        }

    def by_code(self, cell: str) -> Sold:
        """By its code; some systems put the barcode there."""
        return self._found(self._codes.get(cell) or self._barcodes.get(cell))

    def by_barcode(self, cell: str) -> Sold:
        return self._found(self._barcodes.get(cell))

    def _found(self, sold: Sold | None) -> Sold:
        if sold is None:
            raise BadCell(_("No product has this code or barcode. Import the products first."))
        return sold


def cleaners(record: Import) -> dict[str, Callable[[str], Any]]:
    """One per column of any file of goods."""
    goods, latest = Goods(), record.created_at.date() + timedelta(days=1)

    def day(cell: str) -> date:
        found = cells.day(cell)
        if not date(1990, 1, 1) <= found <= latest:
            raise BadCell(_("This day lies in the future or before 1990."))
        return found

    return {
        "store": Stores.load().find,
        "day": day,
        "number": cells.text(40),
        "supplier": cells.text(60),
        "type": cells.choice(RETURNS),
        "line": cells.whole(1, MOST_LINES),
        "product": goods.by_code,
        "barcode": goods.by_barcode,
        "price": cells.exact(2),
        **dict.fromkeys((*QUANTITIES, "quantity", "packs"), cells.exact(3)),
    }


def product_of(values: dict[str, Any]) -> Sold | None:
    """What a row is about; a barcode says more than a code."""
    found: Sold | None = values.get("barcode") or values.get("product")
    return found
