from decimal import Decimal

import pytest

from organization.models import Import, ImportKind, Store
from sales.models import Product, ProductBarcode, ReceiptLine
from tests.organization.importing import counts, faults, take_in
from tests.sales.importing import line
from tests.sales.importing import take as take_sales

pytestmark = pytest.mark.django_db

PACK, CARTON = "6901", "6902"


def row(code: str = "T1", **cells: object) -> dict[str, object]:
    blank = dict.fromkeys(("brand", "price_class", "format", "tar", "packs_per_carton", "retail_price"), "")
    return {
        "goods_code": code,
        "name": "云岭",
        "pack_barcode": PACK,
        "carton_barcode": CARTON,
        "is_tobacco": "1",
        **blank,
        **cells,
    }


def take(*rows: dict[str, object]) -> Import:
    return take_in(ImportKind.PRODUCTS, rows)


def barcodes() -> dict[str, tuple[str, bool]]:
    found = ProductBarcode.objects.values_list("barcode", "product__code", "is_carton")
    return {barcode: (code, is_carton) for barcode, code, is_carton in found}


def sold() -> list[tuple[str, int, bool]]:
    lines = ReceiptLine.unscoped.order_by("receipt__number").values_list(
        "product__code", "packs", "is_carton"
    )
    return list(lines)


def test_it_makes_products_with_brand_and_barcodes() -> None:
    record = take(
        row(brand="云岭", price_class=1, format="细支", tar="8", packs_per_carton=5, retail_price="48.00")
    )
    assert counts(record) == {"read": 1, "added": 1} and record.made == {"products": 1}
    product = Product.objects.get()
    assert (product.brand and product.brand.name, product.price_class, product.format) == ("云岭", 1, "slim")
    assert (product.tar, product.packs_per_carton, product.retail_price) == (Decimal(8), 5, Decimal("48.00"))
    assert barcodes() == {PACK: ("T1", False), CARTON: ("T1", True)}


@pytest.mark.parametrize(
    ("written", "price_class"),
    [("一类", 1), ("五类烟", 5), ("3类", 3), ("３", 3), ("Ⅳ类", 4), ("ii", 2), ("4.0", 4), ("", None)],
)
def test_it_reads_a_price_class_as_the_trade_writes_it(written: str, price_class: int | None) -> None:
    assert counts(take(row(price_class=written))) == {"read": 1, "added": 1}
    assert Product.objects.get().price_class == price_class


def test_it_changes_nothing_when_sent_again() -> None:
    rows = [
        row(brand="云岭", tar="8.0", retail_price="48.00"),
        row("D1", pack_barcode="777", carton_barcode=""),
    ]
    take(*rows)
    before = list(Product.objects.order_by("pk").values())
    assert counts(take(*rows)) == {"read": 2, "unchanged": 2}
    assert list(Product.objects.order_by("pk").values()) == before


def test_it_corrects_a_product_and_keeps_what_was_not_sent() -> None:
    take(row(brand="云岭", price_class=1))
    assert counts(take(row(name="云岭（硬）"), row(retail_price="50.00"))) == {"read": 2, "updated": 2}
    product = Product.objects.get()
    assert (product.name, product.price_class, product.retail_price) == ("云岭", 1, Decimal("50.00"))


def test_it_adds_a_barcode_to_a_product() -> None:
    take(row(carton_barcode=""))
    assert counts(take(row())) == {"read": 1, "updated": 1}
    assert barcodes() == {PACK: ("T1", False), CARTON: ("T1", True)}


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"pack_barcode": "12"}, "pack_barcode"),
        ({"pack_barcode": PACK}, "pack_barcode"),
        ({"carton_barcode": CARTON}, "carton_barcode"),
        ({"name": ""}, "name"),
        ({"price_class": "6"}, "price_class"),
        ({"price_class": "六类"}, "price_class"),
        ({"format": "round"}, "format"),
        ({"tar": "1000"}, "tar"),
        ({"tar": "8.25"}, "tar"),
        ({"retail_price": "48.005"}, "retail_price"),
    ],
)
def test_it_sets_a_faulty_product_aside(cells: dict[str, str], column: str) -> None:
    record = take(row(), row("T2", **{"pack_barcode": "6911", "carton_barcode": "", **cells}))
    assert counts(record) == {"read": 2, "added": 1, "quarantined": 1}
    assert [(number, name) for number, name, _reason in faults(record)] == [(3, column)]
    assert barcodes() == {PACK: ("T1", False), CARTON: ("T1", True)}


def test_it_matches_barcodes_that_receipts_knew_first(store: Store) -> None:
    rows = [
        line("R1", dtl_barcode=PACK, dtl_quantity=3),
        line("R2", dtl_barcode=CARTON),
        line("R3", dtl_barcode="777"),
    ]
    take_sales(rows)
    assert sold() == [(PACK, 0, False), (CARTON, 0, False), ("777", 0, False)]
    record = take(row(packs_per_carton=5))
    assert counts(record) == {"read": 1, "updated": 1}
    assert sold() == [("T1", 3, False), ("T1", 5, True), ("777", 0, False)]
    assert (record.first_day, record.last_day) == (ReceiptLine.unscoped.all()[0].business_day,) * 2
    assert dict(Product.objects.values_list("code", "is_matched")) == {"T1": True, "777": False}
    assert barcodes() == {PACK: ("T1", False), CARTON: ("T1", True), "777": ("777", False)}
    assert counts(take_sales(rows)) == {"read": 3, "unchanged": 3}
    assert counts(take(row(packs_per_carton=5))) == {"read": 1, "unchanged": 1}


def test_it_gives_a_known_product_the_carton_that_was_sold_as_something_new(store: Store) -> None:
    take(row(carton_barcode=""))
    take_sales([{**line("R1", dtl_barcode=CARTON), "dtl_istobacco": "1"}])
    assert sold() == [(CARTON, 1, False)]
    assert counts(take(row(), row())) == {"read": 2, "updated": 1, "unchanged": 1}
    assert sold() == [("T1", 10, True)]
    assert list(Product.objects.values_list("code", flat=True)) == ["T1"]


def test_it_keeps_packs_told_by_the_unit_when_it_matches(store: Store) -> None:
    take_sales([{**line("R1", dtl_barcode=PACK), "dtl_istobacco": "1", "unit": "条"}])
    assert sold() == [(PACK, 10, True)]
    take(row())
    assert sold() == [("T1", 10, True)]


@pytest.mark.parametrize("tobacco", ["0", "1"])
def test_it_keeps_packs_told_by_the_unit_when_another_product_gets_the_barcode(
    store: Store, tobacco: str
) -> None:
    take(row(pack_barcode="6900", carton_barcode=""))
    take_sales([{**line("R1", dtl_barcode=PACK), "dtl_istobacco": tobacco, "unit": "条"}])
    take(row())
    assert sold() == [("T1", 10, True)]


def test_it_counts_packs_again_when_a_correction_changes_them(store: Store) -> None:
    take(row(packs_per_carton=10))
    take_sales([line("R1", dtl_barcode=CARTON), line("R2", dtl_barcode=PACK, dtl_quantity=3)])
    record = take(row(packs_per_carton=5))
    assert sold() == [("T1", 5, True), ("T1", 3, False)]
    assert (record.first_day, record.last_day) == (ReceiptLine.unscoped.all()[0].business_day,) * 2
    take(row(is_tobacco="0"))
    assert [packs for _code, packs, _is_carton in sold()] == [0, 0]
    take(row(is_tobacco="1"))
    assert sold() == [("T1", 5, True), ("T1", 3, False)]
