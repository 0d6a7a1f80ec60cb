"""Rows of a file as they would be stored, read back from the transaction that wrote them."""

from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from organization.imports.checking import MOST_NEW, MOST_ROWS, Preview, written_now
from organization.models import Import
from sales.models import Product, ReceiptLine


def preview_sales(record: Import) -> Preview:
    """Lines in the order they were written, and products that only their barcode is known of."""
    header = [_("Store"), _("Receipt number"), _("Business day"), _("Date and time"), _("Member"),
              _("Line"), _("Product"), _("Quantity"), _("Packs"), _("Amount")]  # fmt: skip
    lines = ReceiptLine.unscoped.filter(receipt__imported_by=record)
    rows = [_line(line) for line in lines.select_related("receipt__store", "product").order_by(
        "receipt_id", "line_number")[:MOST_ROWS]]  # fmt: skip
    made = written_now(Product).filter(is_matched=False).order_by("pk")[:MOST_NEW]
    fate = _("an unknown barcode: becomes an unmatched product, which a later file of products completes")
    return Preview(header, rows, [(_named(product), fate) for product in made])


def _named(product: Product) -> str:
    """Where the file gives no name, the barcode stands for it."""
    return product.code if product.name == product.code else f"{product.code} {product.name}"


def _line(line: ReceiptLine) -> list[str]:
    receipt = line.receipt
    return [
        receipt.store.code,
        receipt.number,
        receipt.business_day.isoformat(),
        f"{localtime(receipt.moment, ZoneInfo(receipt.store.time_zone)):%Y-%m-%d %H:%M:%S}",
        f"#{receipt.member_id}" if receipt.member_id else "",
        str(line.line_number),
        line.product.name,
        short(line.quantity),
        str(line.packs),
        str(line.amount),
    ]


def preview_products(record: Import) -> Preview:
    header = [_("Code"), _("Name"), _("Barcodes"), _("Tobacco"), _("Packs per carton"), _("Retail price"),
              _("Buy price")]  # fmt: skip
    products = written_now(Product).prefetch_related("barcodes").order_by("pk")[:MOST_ROWS]
    rows = [
        [
            product.code,
            product.name,
            ", ".join(sorted(barcode.barcode for barcode in product.barcodes.all())),
            _("yes") if product.is_tobacco else _("no"),
            str(product.packs_per_carton),
            short(product.retail_price),
            short(product.buy_price),
        ]
        for product in products
    ]
    return Preview(header, rows)


def short(value: Decimal | None) -> str:
    """A number without the zeros behind it."""
    return "" if value is None else f"{value.normalize():f}"
