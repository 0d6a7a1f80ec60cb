"""Rows of files of goods as they would be stored."""

from django.utils.translation import gettext as _

from organization.imports.checking import MOST_ROWS, Preview
from organization.models import Import
from sales.imports.goods.cells import QUANTITIES
from sales.imports.previews import short
from sales.models import GoodsLine, StockDay


def preview_stock(record: Import) -> Preview:
    header = [_("Store"), _("Day"), _("Product"), _("Opening stock"), _("Received"), _("Sold"),
              _("Adjusted"), _("Other movements"), _("Closing stock")]  # fmt: skip
    stock = StockDay.unscoped.filter(imported_by=record).select_related("store", "product")
    rows = [
        [
            each.store.code,
            each.day.isoformat(),
            each.product.name,
            *(short(getattr(each, name)) for name in QUANTITIES),
        ]
        for each in stock.order_by("store", "day", "product")[:MOST_ROWS]
    ]
    return Preview(header, rows)


def preview_goods(record: Import) -> Preview:
    header = [_("Store"), _("Document number"), _("Day"), _("Supplier"), _("Line"), _("Product"),
              _("Quantity"), _("Packs"), _("Price")]  # fmt: skip
    lines = GoodsLine.unscoped.filter(document__imported_by=record)
    lines = lines.select_related("document__store", "product").order_by("document_id", "line_number")
    rows = [
        [
            line.document.store.code,
            line.document.number,
            line.document.day.isoformat(),
            line.document.supplier,
            str(line.line_number),
            line.product.name,
            short(line.quantity),
            str(line.packs),
            short(line.price),
        ]
        for line in lines[:MOST_ROWS]
    ]
    return Preview(header, rows)
