"""Day-end stock, goods in and returns, losses and overages."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from organization.imports.checking import import_check
from organization.jobs import Progress
from organization.models import ImportKind, Staff, Store
from sales.models import GoodsDocument, GoodsDocumentHistory, GoodsLine, Product, StockDay, StockDayHistory
from tests.organization.importing import as_csv, counts, faults, queue, take_in
from tests.organization.undoing import business_rows, refused, undo
from tests.sales.importing import CARTON, DRINK, PACK, line, make_products, take
from tests.sales.messages import as_json, joined

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _company(store: Store, other_store: Store) -> None:
    make_products()


def stock(**fields: Any) -> dict[str, Any]:
    return {
        "license_code": "0001", "reqdate": "20260305", "dtlcount": "2", "dtl_productid": ["T1", "D1"],
        "dtl_istobacco": ["1", "0"], "dtl_lastqty": ["100", "24"], "dtl_buyqty": ["50", "0"],
        "dtl_saleqty": ["30", "5"], "dtl_correctqty": ["-1", "0"], "dtl_otherqty": ["0", "0"],
        "dtl_restqty": ["119", "19"], **fields,
    }  # fmt: skip


def supply(number: str = "G1", **fields: Any) -> dict[str, Any]:
    return {
        "license_code": "0001", "bill_code": number, "supplier_code": "SUP1", "biz_type": "01",
        "biz_date": "20260305", "dtl_is_tobacco": ["1", "0"], "dtl_goodsisn": ["T1", "D1"],
        "dtl_barcode": [CARTON, DRINK], "dtl_quantity": ["5", "24"], "dtl_price": ["170.00", "3.00"],
        **fields,
    }  # fmt: skip


def loss(number: str = "L1", **fields: Any) -> dict[str, Any]:
    return {
        "license_code": "0001", "storchecksid": number, "bizdate": "20260305", "dtl_productid": ["T1", "D1"],
        "dtl_barcode": [CARTON, DRINK], "dtl_stockqty": ["-3", "1"], **fields,
    }  # fmt: skip


KINDS = {ImportKind.STOCK: stock(), ImportKind.SUPPLY: supply(), ImportKind.LOSS: loss()}
Wrapped = Callable[[dict[str, Any]], str]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrap", [as_json, json.dumps, lambda message: as_csv([joined(message)])])
def test_it_takes_a_message_and_the_same_again_changes_nothing(kind: ImportKind, wrap: Wrapped) -> None:
    assert counts(take_in(kind, wrap(KINDS[kind]))) == {"read": 2, "added": 2}
    before = everything()
    assert counts(take_in(kind, wrap(KINDS[kind]))) == {"read": 2, "unchanged": 2}
    assert everything() == before


def everything() -> list[list[tuple[Any, ...]]]:
    models = (StockDay, StockDayHistory, GoodsDocument, GoodsLine, GoodsDocumentHistory)
    return [list(model.unscoped.order_by("pk").values_list()) for model in models]


def test_it_stores_stock_that_adds_up() -> None:
    record = take_in(ImportKind.STOCK, as_json(stock()))
    row = StockDay.unscoped.get(product__code="T1")
    assert (row.store.code, str(row.day), row.closing, row.imported_by_id) == (
        "0001", "2026-03-05", Decimal(119), record.pk,
    )  # fmt: skip
    assert str(record.first_day) == str(record.last_day) == "2026-03-05"


def test_it_sets_stock_aside_that_does_not_add_up() -> None:
    record = take_in(ImportKind.STOCK, as_json(stock(dtl_restqty=["119", "20"])))
    assert counts(record) == {"read": 2, "added": 1, "quarantined": 1}
    reason = "Opening and movements come to 19, the closing stock says 20."
    assert faults(record) == [(2, "closing", reason)]


def test_it_corrects_stock_and_keeps_what_it_was() -> None:
    first = take_in(ImportKind.STOCK, as_json(stock()))
    again = take_in(ImportKind.STOCK, as_json(stock(dtl_saleqty=["29", "5"], dtl_restqty=["120", "19"])))
    assert counts(again) == {"read": 2, "updated": 1, "unchanged": 1}
    assert StockDay.unscoped.get(product__code="T1").closing == 120
    old = StockDayHistory.unscoped.get()
    assert (old.closing, old.imported_by_id, old.replaced_by_id) == (Decimal(119), first.pk, again.pk)


def test_it_takes_one_word_on_a_product_per_day(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = stock(dtl_productid=["T1", "T1"], dtl_lastqty=["100", "101"], dtl_buyqty="50,50",
                  dtl_saleqty="30,31", dtl_correctqty="-1,-1", dtl_restqty="119,119")  # fmt: skip
    for chunk in (5_000, 1):
        monkeypatch.setattr("sales.imports.goods.stock.CHUNK", chunk)
        record = take_in(ImportKind.STOCK, as_json(twice))
        assert record.quarantined == 1 and "something else" in faults(record)[0][2]
        StockDay.unscoped.all().delete()


@pytest.mark.parametrize("kind", KINDS)
def test_it_asks_for_the_products_first(kind: ImportKind) -> None:
    Product.objects.all().delete()
    record = take_in(kind, as_json(KINDS[kind]))
    assert record.quarantined == 2 and "Import the products first" in faults(record)[0][2]


def test_it_stores_goods_that_came_in_and_went_back() -> None:
    take_in(ImportKind.SUPPLY, as_json(supply(), supply("G2", biz_type="02")))
    lines = GoodsLine.unscoped.order_by("document__number", "line_number")
    assert list(lines.values_list("document__number", "product__code", "quantity", "packs", "price")) == [
        ("G1", "T1", 5, 50, 170), ("G1", "D1", 24, 0, 3), ("G2", "T1", -5, -50, 170), ("G2", "D1", -24, 0, 3),
    ]  # fmt: skip
    assert list(GoodsDocument.unscoped.order_by("number").values_list("is_return", "supplier")) == [
        (False, "SUP1"), (True, "SUP1"),
    ]  # fmt: skip


def test_it_stores_losses_in_packs_whatever_barcode_they_name() -> None:
    take_in(ImportKind.LOSS, as_json(loss()))
    lines = GoodsLine.unscoped.order_by("line_number").values_list("quantity", "packs")
    assert list(lines) == [(-3, -3), (1, 0)]


def test_it_replaces_a_corrected_document_and_keeps_what_it_was() -> None:
    first = take_in(ImportKind.SUPPLY, as_json(supply(), supply("G2")))
    fixed = supply(dtl_quantity=["4", "24"], biz_date="20260306")
    again = take_in(ImportKind.SUPPLY, as_json(fixed, supply("G2")))
    assert counts(again) == {"read": 4, "updated": 2, "unchanged": 2}
    document = GoodsDocument.unscoped.get(number="G1")
    assert (str(document.day), document.lines.count(), document.imported_by_id) == ("2026-03-06", 2, again.pk)
    old = GoodsDocumentHistory.unscoped.get()
    assert (old.document_id, old.imported_by_id, old.replaced_by_id) == (document.pk, first.pk, again.pk)
    assert [line[2] for line in old.lines] == ["5.000", "24.000"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dtl_quantity": ["many", "1"]}, "This is not a number."),
        ({"dtl_barcode": ["777", DRINK]}, "No product has this code or barcode."),
        ({"dtl_barcode": [PACK, DRINK], "dtl_quantity": ["1.5", "1"]}, "whole packs"),
        ({"dtl_barcode": ["", ""], "dtl_goodsisn": ["", "D1"]}, "The row names no product."),
        ({"dtl_price": ["1.00"]}, "The lists of this message are not equally long"),
        ({"biz_type": "03"}, "none of the known values"),
    ],
)
def test_it_sets_a_document_aside_whole(change: dict[str, Any], words: str) -> None:
    record = take_in(ImportKind.SUPPLY, as_json(supply(**change), supply("G2")))
    assert record.added == 2 and record.quarantined == record.read - 2
    assert any(words in reason for _row, _column, reason in faults(record))
    assert GoodsDocument.unscoped.get().number == "G2"


def test_it_reads_documents_line_by_line() -> None:
    rows = [
        {"store": "0001", "number": "G1", "type": "in", "day": "2026-03-05", "line": line, "barcode": code,
         "quantity": "1"}
        for line, code in (("", PACK), ("", DRINK), ("7", PACK), ("7", PACK))
    ]  # fmt: skip
    assert counts(take_in(ImportKind.SUPPLY, rows)) == {"read": 4, "added": 4}
    assert list(GoodsLine.unscoped.order_by("line_number").values_list("line_number", flat=True)) == [7, 8, 9]
    assert counts(take_in(ImportKind.SUPPLY, rows)) == {"read": 4, "unchanged": 4}
    rows[3]["quantity"] = "2"
    record = take_in(ImportKind.SUPPLY, rows)
    assert "Two rows have this line number." in [reason for _row, _column, reason in faults(record)]
    assert record.quarantined == 4


def test_it_takes_the_head_of_a_document_from_all_its_rows() -> None:
    rows = [
        {
            "store": "0001",
            "number": "G1",
            "type": "in",
            "day": f"2026-03-0{day}",
            "barcode": PACK,
            "quantity": "1",
        }
        for day in (5, 6)
    ]
    record = take_in(ImportKind.SUPPLY, rows)
    assert record.quarantined == 2 and "Other rows of this document" in faults(record)[1][2]


@pytest.mark.parametrize("kind", KINDS)
def test_it_shows_what_would_be_stored_and_writes_nothing(kind: ImportKind) -> None:
    record = queue(kind, as_json(KINDS[kind]), check_first=True)
    assert record.job is not None
    import_check(record.job, record, Progress(record.job))
    record.refresh_from_db()
    report = json.loads(record.report or "")
    assert report["counts"]["added"] == 2 and len(report["rows"]) == 2
    assert report["rows"][0][0] == "0001" and "云岭" in report["rows"][0]
    assert not StockDay.unscoped.exists() and not GoodsDocument.unscoped.exists()


def test_it_shows_each_store_to_whom_it_belongs(manager: Staff, other_store: Store) -> None:
    for code in ("0001", "0002"):
        take_in(ImportKind.STOCK, as_json(stock(license_code=code)))
        take_in(ImportKind.SUPPLY, as_json(supply(license_code=code)))
    for model in (StockDay, GoodsDocument):
        assert {row.store.code for row in model.objects.visible_to(manager)} == {"0001"}
    assert {line.document.store.code for line in GoodsLine.objects.visible_to(manager)} == {"0001"}


def test_it_keeps_the_sources_apart() -> None:
    for source in ("A", "B"):
        assert take_in(ImportKind.LOSS, as_json(loss()), source=source).added == 2
    assert GoodsDocument.unscoped.count() == 2


@pytest.mark.parametrize("kind", KINDS)
def test_undone_it_is_as_if_it_had_never_come(kind: ImportKind, admin: Staff) -> None:
    before = business_rows()
    record = take_in(kind, as_json(KINDS[kind]))
    stored = business_rows()
    assert stored != before
    undo(record, by=admin)
    assert business_rows() == before
    take_in(kind, as_json(KINDS[kind]))
    assert business_rows() == stored


CORRECTED = {
    ImportKind.STOCK: stock(dtl_saleqty=["29", "5"], dtl_restqty=["120", "19"]),
    ImportKind.SUPPLY: supply(dtl_quantity=["4", "24"], biz_date="20260306", supplier_code="SUP2"),
    ImportKind.LOSS: loss(dtl_stockqty=["-2", "1"]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_undone_a_correction_leaves_what_was_before(kind: ImportKind) -> None:
    first = take_in(kind, as_json(KINDS[kind]))
    before = business_rows()
    again = take_in(kind, as_json(CORRECTED[kind]), name="again.json")
    assert "again.json, which came later, changed" in refused(first)
    undo(again)
    assert business_rows() == before and refused(first) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_later_file_said_again_rests_on_the_first(kind: ImportKind) -> None:
    first = take_in(kind, as_json(KINDS[kind]))
    again = take_in(kind, as_json(KINDS[kind]), name="again.json")
    assert "2 rows of again.json" in refused(first)
    undo(again)
    assert refused(first) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_products_it_names_stay(kind: ImportKind) -> None:
    Product.objects.all().delete()
    products = take_in(ImportKind.PRODUCTS, [
        {"code": "T1", "name": "云岭", "pack_barcode": PACK, "carton_barcode": CARTON, "is_tobacco": "1"},
        {"code": "D1", "name": "茶", "pack_barcode": DRINK, "is_tobacco": "0"},
    ])  # fmt: skip
    take_in(kind, as_json(KINDS[kind]), name="goods.json")
    assert "2 rows of goods.json, which came later, name products of this import" in refused(products)


def test_a_product_known_by_barcode_only_is_asked_for() -> None:
    """It may give way to one of a file of products, and its stock would be nobody's."""
    take([line(dtl_barcode="777")])
    record = take_in(ImportKind.STOCK, as_json(stock(dtl_productid=["777", "D1"])))
    assert faults(record)[0][2] == "No product has this code or barcode. Import the products first."


def test_a_row_of_totals_is_ignored() -> None:
    row = {"store": "0001", "day": "2026-03-05", "product": "T1", "opening": "9", "received": "0",
           "sold": "1", "closing": "8"}  # fmt: skip
    total = {**row, "store": "合计", "product": "", "day": ""}
    assert counts(take_in(ImportKind.STOCK, [row, total])) == {"read": 2, "added": 1, "ignored": 1}
    # A product may be called so.
    sold = {"code": "T9", "name": "Total", "pack_barcode": "6900000000999"}
    assert counts(take_in(ImportKind.PRODUCTS, [sold])) == {"read": 1, "added": 1}


def test_a_text_that_looks_like_nothing_is_kept() -> None:
    take_in(ImportKind.SUPPLY, as_json(supply(supplier_code="\\N"), supply("G2", supplier_code='a",\\.')))
    assert list(GoodsDocument.unscoped.order_by("number").values_list("supplier", flat=True)) == [
        "\\N", 'a",\\.',
    ]  # fmt: skip
