"""Orders of retail terminals: whole messages become receipts, however they are wrapped."""

import json
from decimal import Decimal
from typing import Any

import pytest

from members.models import MemberIdentity
from organization.imports.messages import elements
from organization.jobs import JobError
from organization.models import ImportKind, Store
from sales.imports.formats.arithmetic import shares
from sales.models import Receipt, ReceiptLine
from tests.organization.importing import as_csv, counts, faults, take_in
from tests.sales.importing import CARTON, DRINK, PACK, everything_stored, line, make_products, take
from tests.sales.messages import as_json, as_json_lines, joined, order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _company(store: Store, other_store: Store) -> None:
    make_products()


def lines_of(number: str = "R1") -> list[tuple[Any, ...]]:
    found = ReceiptLine.unscoped.filter(receipt__number=number).order_by("line_number")
    return list(found.values_list("product__code", "quantity", "packs", "amount", "discount", "buy_price"))


MESSAGES = order("R1"), order("R2", mobilephone="19900001111", consumersid="C1")
SHAPES = {
    "list": as_json(*MESSAGES),
    "wrapped": as_json(*MESSAGES, code=0, total=2),
    "lines": as_json_lines(*MESSAGES),
    "joined lines": as_json_lines(*map(joined, MESSAGES)),
    "flat": as_csv(map(joined, MESSAGES)),
}


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES.keys())
def test_it_reads_orders_however_they_are_wrapped(content: str) -> None:
    first = take(SHAPES["list"])
    before = everything_stored()
    assert counts(first) == {"read": 6, "added": 6} and first.made["receipts"] == 2
    assert counts(take(content)) == {"read": 6, "unchanged": 6}
    assert everything_stored() == before


def test_it_stores_what_a_message_says() -> None:
    record = take(as_json(*MESSAGES))
    assert lines_of() == [
        ("T1", Decimal(2), 2, Decimal("40.00"), Decimal(0), Decimal("17.00")),
        ("T1", Decimal(1), 10, Decimal("200.00"), Decimal(0), Decimal("170.00")),
        ("D1", Decimal(1), 0, Decimal("5.00"), Decimal(0), Decimal("3.00")),
    ]
    receipt = Receipt.unscoped.get(number="R1")
    assert (receipt.tender, receipt.total) == ("wechat+points", Decimal("245.00"))
    assert f"{receipt.business_day} {receipt.moment:%H:%M}" == "2026-03-05 02:00"
    assert record.amount_stored == record.amount_read == Decimal("490.00")
    came_from = {column["name"]: column["title"] for column in record.reading["columns"]}
    assert (came_from["barcode"], came_from["amount"]) == ("dtl_barcode", "dtl_saleprice, dtl_quantity")
    assert (came_from["tender"], came_from["line"]) == ("paydtl_fund_channel", "–")
    assert record.reading["unused"] == ["dtl_goodsisn"]


def test_it_knows_the_buyer_by_the_phone_where_both_are_sent() -> None:
    take([line("A", mobilephone="19900001111"), line("B", consumersid="C1")])
    take(as_json(*MESSAGES))
    phone = MemberIdentity.unscoped.get(kind="phone").member_id
    assert Receipt.unscoped.get(number="R2").member_id == phone


def test_it_stores_what_a_flat_file_of_the_same_receipts_stores() -> None:
    head = {"license_code": "0001", "inputtime": "20260305100000", "paydtl_fund_channel": "wechat+points",
            "receipt_amount": "245.00", "PosNo": ""}  # fmt: skip
    rows = zip((PACK, CARTON, DRINK), ("2", "1", "1"), ("40.00", "200.00", "5.00"), ("17", "170", "3"),
               strict=True)  # fmt: skip
    cells = ("dtl_barcode", "dtl_quantity", "dtl_amount", "dtl_buyprice")
    take([line("R1", **head, **dict(zip(cells, row, strict=True)), line_no=n)
          for n, row in enumerate(rows, start=1)])  # fmt: skip
    assert counts(take(as_json(order("R1")))) == {"read": 3, "unchanged": 3}


def test_it_spreads_what_was_not_received_over_the_lines() -> None:
    take(as_json(order(receipt_amount="200.00")))
    amounts = [row[3] for row in lines_of()]
    assert amounts == [Decimal("32.65"), Decimal("163.27"), Decimal("4.08")]
    assert [row[4] for row in lines_of()] == [Decimal("7.35"), Decimal("36.73"), Decimal("0.92")]
    assert Receipt.unscoped.get().total == 200


@pytest.mark.parametrize(("parts", "whole"), [([1, 1, 1], 2), ([-3, -3], -5), ([4000, 20000, 500], 0)])
def test_it_spreads_to_the_last_cent(parts: list[int], whole: int) -> None:
    found = shares(parts, whole)
    assert sum(found) == whole
    assert all(abs(share) <= abs(part) for share, part in zip(found, parts, strict=True))


def test_it_takes_discounts_of_lines_as_they_are_sent() -> None:
    take(as_json(order(dtl_discount=["1.50", "", "0"], receipt_amount="243.50")))
    assert [(row[3], row[4]) for row in lines_of()] == [
        (Decimal("38.50"), Decimal("1.50")), (Decimal("200.00"), Decimal(0)), (Decimal("5.00"), Decimal(0)),
    ]  # fmt: skip
    take(as_json(order("R2", dtl_amount=["39.00", "200.00", "5.00"], receipt_amount="244.00")))
    assert [row[4] for row in lines_of("R2")] == [Decimal(1), Decimal(0), Decimal(0)]


def test_it_takes_a_return() -> None:
    back = {"dtl_quantity": ["-2", "-1", "-1"], "receipt_amount": "-245.00", "total_amount": "-245.00"}
    take(as_json(order(), order("B1", **back)))
    receipt = Receipt.unscoped.get(number="B1")
    assert (receipt.is_return, receipt.total) == (True, Decimal("-245.00"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"dtl_quantity": ["1", "2"]}, "dtl_quantity holds 2 values, the message has 3 lines"),
        ({"dtl_barcode": f"{PACK},{DRINK}"}, "dtl_barcode holds 2 values"),
        ({"dtlcount": "three"}, "dtlcount, is not a whole number"),
        ({"dtlcount": 0}, "dtlcount, is not a whole number"),
        ({"paydtlcount": 3}, "The payments of this message"),
        ({"paydtl_amount": ["245.00"]}, "The payments of this message"),
        ({"total_amount": "244.00"}, "total_amount is 244.00, but sale prices × quantities come to 245.00"),
        ({"receipt_amount": "246.00"}, "The total differs from the sum of the lines."),
        ({"dtl_saleprice": ["20.00", "x", "5.00"]}, "This is not a number."),
    ],
)
def test_it_sets_a_message_aside_that_does_not_add_up(fields: dict[str, Any], words: str) -> None:
    record = take(as_json(order("R1", **fields), order("R2")))
    assert record.added == 3 and record.quarantined == record.read - 3
    assert any(words in reason for _row, _column, reason in faults(record))
    assert [receipt.number for receipt in Receipt.unscoped.all()] == ["R2"]


def test_it_numbers_lines_through_the_file() -> None:
    record = take(
        as_json(order("R1"), order("R2", dtl_quantity=["1"]), order("R3", dtl_barcode=["", "", ""]))
    )
    assert [row for row, _column, _reason in faults(record)] == [4, 5, 6, 7]


def test_it_takes_mended_rows_back_as_they_were_set_aside() -> None:
    record = take(as_json(order("R1", dtl_barcode=[PACK, "", DRINK])))
    header = record.reading["header"]
    assert "dtl_saleprice" in header
    rows = [dict(zip(header, json.loads(row.raw), strict=True)) for row in record.quarantine.order_by("row")]
    rows[1]["dtl_barcode"] = CARTON
    assert counts(take(rows)) == {"read": 3, "added": 3}
    before = everything_stored()
    assert counts(take(as_json(order("R1")))) == {"read": 3, "unchanged": 3}
    assert everything_stored() == before


def test_it_ignores_blank_rows_and_totals() -> None:
    rows = [
        joined(order("R1")),
        dict.fromkeys(order(), ""),
        {**dict.fromkeys(order(), ""), "clientorderid": "合计"},
    ]
    assert counts(take(as_csv(rows))) == {"read": 5, "added": 3, "ignored": 2}


@pytest.mark.parametrize("wrapper", [{"license_code": "0002"}, {"head": {"store_id": "0002"}}])
def test_it_takes_the_store_from_the_wrapper(wrapper: dict[str, Any]) -> None:
    message = order()
    del message["license_code"]
    take(as_json(message, **wrapper))
    assert Receipt.unscoped.get().store.code == "0002"


def test_it_takes_the_store_from_whoever_sends_the_file(other_store: Store) -> None:
    message, own = order(), order("R2")
    del message["license_code"]
    own["license_code"] = "0001"
    record = take(as_json_lines(message, own), store=other_store)
    assert counts(record) == {"read": 6, "added": 6}
    assert dict(Receipt.unscoped.values_list("number", "store__code")) == {
        "R1": "0002",
        "R2": "0001",
    }


def test_it_reads_lists_in_every_writing() -> None:
    assert elements('["a", 1, null, 2.50]') == ["a", "1", "", "2.50"]
    assert elements("a, b,") == ["a", "b", ""]
    assert elements("") == [] and elements("[torn") == ["[torn"]


def test_it_does_not_take_orders_for_members() -> None:
    with pytest.raises(JobError, match=r"This looks like a file of Sales, not of Members\."):
        take_in(ImportKind.MEMBERS, as_json(order()))


def test_it_counts_a_torn_line_beside_lines_taken_apart() -> None:
    torn = as_json_lines(order("R1")) + '\n{"torn\n' + as_json_lines(order("R2", dtl_quantity="1"))
    record = take(torn)
    assert counts(record) == {"read": 5, "added": 3, "quarantined": 2}
    raws = [json.loads(row.raw) for row in record.quarantine.order_by("row")]
    assert sorted(map(len, raws)) == [1, len(record.reading["header"])]
