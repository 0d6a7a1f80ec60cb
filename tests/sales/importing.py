"""Files of sales as the tests write them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from organization.models import Import, ImportKind, Store
from sales.models import Product, ProductBarcode, Receipt
from tests.organization.importing import Rows, take_in

PACK, CARTON, DRINK = "6900000000011", "6900000000012", "6900000000028"


def make_products() -> None:
    """A cigarette with pack and carton, and a drink."""
    cigarette = Product.objects.create(code="T1", name="云岭", is_tobacco=True, packs_per_carton=10)
    drink = Product.objects.create(code="D1", name="茶")
    for barcode, product, is_carton in (
        (PACK, cigarette, False),
        (CARTON, cigarette, True),
        (DRINK, drink, False),
    ):
        ProductBarcode.objects.create(barcode=barcode, product=product, is_carton=is_carton)


def line(number: str = "R1", **cells: Any) -> dict[str, Any]:
    """One row of a file: a pack for 20.00 on 5 March 2026, unless told otherwise."""
    return {
        "license_code": "0001",
        "clientorderid": number,
        "inputtime": "20260305100000",
        "PosNo": "1",
        "mobilephone": "",
        "consumersid": "",
        "line_no": "",
        "dtl_barcode": PACK,
        "dtl_quantity": "1",
        "dtl_amount": "20.00",
        "receipt_amount": "",
        "trade_type": "0",
        "original_orderid": "",
        **cells,
    }


def take(rows: Rows | str | bytes, *, source: str = "POS", **how: Any) -> Import:
    return take_in(ImportKind.SALES, rows, source=source, **how)


def totals() -> dict[str, Decimal]:
    return dict(Receipt.unscoped.order_by("number").values_list("number", "total"))


def returned() -> dict[str, Decimal]:
    return dict(Receipt.unscoped.filter(is_return=False).order_by("number").values_list("number", "returned"))


def everything_stored() -> list[Sequence[Any]]:
    """Receipts and lines without ids and without who imported them, to compare two databases."""
    receipts = Receipt.unscoped.order_by("store", "source", "number").prefetch_related("lines")
    skipped = ("id", "member", "imported_by")
    names = [f.attname for f in Receipt._meta.concrete_fields if f.name not in skipped]
    return [
        (
            *(getattr(receipt, name) for name in names),
            receipt.member and sorted(receipt.member.identities.values_list("kind", "lookup")),
            sorted(receipt.lines.values_list("line_number", "product__code", "quantity", "packs", "amount")),
        )
        for receipt in receipts
    ]


def closing_at(store: Store, hour: int, zone: str = "Asia/Shanghai") -> Store:
    store.closing_hour, store.time_zone = hour, zone
    store.save()
    return store
