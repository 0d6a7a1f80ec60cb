"""An import of products is undone: names, barcodes, and the lines it matched."""

import pytest

from organization.models import Import, ImportKind, Store
from sales.models import Brand, LineBefore, Product, ProductBarcode
from tests.organization.importing import take_in
from tests.organization.undoing import business_rows, refused, undo
from tests.sales.importing import line
from tests.sales.importing import take as take_sales
from tests.sales.test_catalogue import CARTON, PACK, row, sold

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _company(store: Store) -> None:
    """Store 0001."""


def take(*rows: dict[str, object], name: str = "products.csv") -> Import:
    return take_in(ImportKind.PRODUCTS, rows, name=name)


def test_it_takes_back_products_barcodes_and_brands() -> None:
    before = business_rows()
    record = take(row(brand="云岭", tar="8", retail_price="48.00"))
    undo(record)
    assert business_rows() == before
    assert not (Product.objects.exists() or ProductBarcode.objects.exists() or Brand.objects.exists())


def test_it_puts_every_column_back() -> None:
    take(row(brand="云岭", tar="8", retail_price="48.00", packs_per_carton=10))
    before = business_rows()
    undo(take(row(brand="金叶", tar="6.5", retail_price="50.00", packs_per_carton=5, carton_barcode="6999")))
    assert business_rows() == before


def test_lines_of_barcodes_it_matched_are_unmatched_again() -> None:
    """Pack and carton were two unknown products; the file made them one."""
    take_sales([line(dtl_barcode=PACK), line("R2", dtl_barcode=CARTON, dtl_quantity="2")])
    before, lines = business_rows(), sold()
    record = take(row(packs_per_carton=5))
    assert sold() == [("T1", 1, False), ("T1", 10, True)]
    undo(record)
    assert sold() == lines and business_rows() == before
    assert (record.first_day, record.last_day) == (record.last_day, record.first_day) and record.first_day
    assert not LineBefore.unscoped.exists()


def test_old_versions_of_receipts_are_matched_and_unmatched_too() -> None:
    take_sales([line(dtl_barcode=PACK)])
    second = take_sales([line(dtl_barcode=PACK, dtl_quantity="3")])
    before = business_rows()
    record = take(row())
    undo(record)
    assert business_rows() == before
    take(row())
    undo(second)
    assert sold() == [("T1", 1, False)]


def test_it_counts_packs_as_before() -> None:
    take(row(packs_per_carton=10))
    take_sales([line(dtl_barcode=CARTON)])
    before = business_rows()
    record = take(row(packs_per_carton=20))
    assert sold() == [("T1", 20, True)]
    undo(record)
    assert business_rows() == before


def test_it_is_refused_where_receipts_came_since_that_it_decides() -> None:
    record = take(row())
    take_sales([line(dtl_barcode=PACK)])
    assert refused(record) == (
        "1 receipt of a.csv, which came later, was read by what this import says. Undo that import first."
    )


def test_a_correction_since_is_undone_first_and_the_packs_are_as_before() -> None:
    take(row(packs_per_carton=10))
    take_sales([line(dtl_barcode=CARTON)])
    before = business_rows()
    record = take(row(packs_per_carton=20))
    correction = take_sales([line(dtl_barcode=CARTON, dtl_quantity="2")])
    undo(correction)
    undo(record)
    assert business_rows() == before


def test_a_name_alone_decides_nothing() -> None:
    take(row())
    before = business_rows()["products"]
    record = take({**row(), "name": "云岭（新）"})
    take_sales([line(dtl_barcode=PACK)])
    undo(record)
    assert business_rows()["products"] == before


def test_it_is_refused_where_a_receipt_was_corrected_since() -> None:
    take_sales([line(dtl_barcode=PACK)])
    record = take(row())
    take_sales([line(dtl_barcode="888")])
    assert "which came later" in refused(record)


def test_it_is_refused_where_a_later_file_says_the_same_or_more() -> None:
    first = take(row(), name="first.csv")
    second = take(row(), row("D1", pack_barcode="777", carton_barcode=""), name="second.csv")
    assert "1 row of second.csv, which came later, changed nothing" in refused(first)
    undo(second)
    take({**row(), "name": "云岭（新）"}, name="third.csv")
    assert (
        refused(first) == "third.csv, which came later, changed 1 of the same rows. Undo that import first."
    )


def test_a_barcode_of_sales_that_are_undone_meanwhile_does_not_come_back() -> None:
    sales = take_sales([line(dtl_barcode=PACK)])
    record = take(row())
    undo(sales)
    undo(record)
    assert not Product.objects.exists() and not ProductBarcode.objects.exists()
