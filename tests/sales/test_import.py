"""What a file of sales becomes: receipts, returns, corrections, members, products."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from members.models import Member, MemberIdentity
from organization.jobs import JobError
from organization.models import ImportKind, Store
from sales.models import Product, Receipt, ReceiptHistory, ReceiptLine, ReceiptLineHistory
from tests.organization.importing import as_csv, counts, faults, take_in
from tests.sales.importing import (
    CARTON,
    DRINK,
    PACK,
    closing_at,
    everything_stored,
    line,
    make_products,
    returned,
    take,
    totals,
)

pytestmark = pytest.mark.django_db

PHONE = "19900001111"


@pytest.fixture(autouse=True)
def _company(store: Store, other_store: Store) -> None:
    """Stores 0001 and 0002, one cigarette and one drink."""
    make_products()


def basket(number: str = "R1", **cells: object) -> list[dict[str, object]]:
    """Two packs and a drink, 44.50."""
    return [
        line(number, line_no=1, dtl_quantity="2", dtl_amount="40.00", receipt_amount="44.50", **cells),
        line(number, line_no=2, dtl_barcode=DRINK, dtl_amount="4.50", receipt_amount="44.50", **cells),
    ]


def back(number: str, original: str, amount: str = "20.00", **cells: object) -> dict[str, object]:
    return line(number, trade_type="1", original_orderid=original, dtl_amount=amount, **cells)


def test_it_stores_a_receipt_with_its_lines(store: Store) -> None:
    record = take(basket(mobilephone=PHONE))
    assert counts(record) == {"read": 2, "added": 2}
    assert record.made == {"receipts": 1, "corrected": 0, "members": 1, "products": 0}
    receipt = Receipt.unscoped.get()
    assert (receipt.store, receipt.number, receipt.total, receipt.is_return) == (
        store,
        "R1",
        Decimal("44.50"),
        False,
    )
    assert receipt.moment == datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
    assert (receipt.business_day, receipt.minute, receipt.till, receipt.channel) == (
        date(2026, 3, 5),
        600,
        "1",
        1,
    )
    lines = ReceiptLine.unscoped.order_by("line_number").values_list(
        "product__code", "quantity", "packs", "amount"
    )
    assert list(lines) == [("T1", Decimal(2), 2, Decimal("40.00")), ("D1", Decimal(1), 0, Decimal("4.50"))]
    assert set(ReceiptLine.unscoped.values_list("member", "business_day", "store")) == {
        (receipt.member_id, receipt.business_day, store.pk)
    }
    assert (record.first_day, record.last_day) == (date(2026, 3, 5), date(2026, 3, 5))


def test_it_writes_nothing_when_the_same_file_comes_again() -> None:
    rows = [
        *basket(mobilephone=PHONE),
        line("R2"),
        line("R2"),
        back("R3", "R1"),
        line("R4", dtl_barcode="777"),
    ]
    take(rows)
    ids = list(Receipt.unscoped.order_by("pk").values("pk", "imported_by"))
    before = everything_stored()
    again = take(rows)
    assert counts(again) == {"read": 6, "unchanged": 6}
    assert again.made == {"receipts": 0, "corrected": 0, "members": 0, "products": 0}
    assert again.amount_stored == 0 and again.first_day is None
    assert (
        everything_stored() == before
        and list(Receipt.unscoped.order_by("pk").values("pk", "imported_by")) == ids
    )
    assert not ReceiptHistory.unscoped.exists()


def test_it_replaces_a_corrected_receipt_and_keeps_the_old_version() -> None:
    first = take([*basket(), line("R2")])
    old = Receipt.unscoped.get(number="R1")
    second = take([line("R1", line_no=1, dtl_quantity="3", dtl_amount="60.00", inputtime="20260306100000")])
    assert counts(second) == {"read": 1, "updated": 1} and second.made["corrected"] == 1
    assert totals() == {"R1": Decimal("60.00"), "R2": Decimal("20.00")}
    new = Receipt.unscoped.get(number="R1")
    assert new.pk == old.pk and new.imported_by == second
    assert new.lines.count() == 1
    kept = ReceiptHistory.unscoped.get()
    assert (kept.receipt_id, kept.total, kept.imported_by, kept.replaced_by) == (
        old.pk,
        old.total,
        first,
        second,
    )
    assert ReceiptLineHistory.unscoped.filter(receipt_id=old.pk, replaced_by=second).count() == 2
    assert (second.first_day, second.last_day) == (date(2026, 3, 5), date(2026, 3, 6))  # Both days changed.


@pytest.mark.parametrize(
    "change",
    [
        {"dtl_quantity": "3"},
        {"dtl_amount": "21.00"},
        {"inputtime": "20260305100001"},
        {"PosNo": "2"},
        {"mobilephone": PHONE},
        {"dtl_barcode": DRINK},
        {"trade_type": "1"},
        {"original_orderid": "R0"},
        {"line_no": "7"},
    ],
)
def test_it_sees_every_correction(change: dict[str, str]) -> None:
    take([line()])
    assert counts(take([line(**change)])) == {"read": 1, "updated": 1}


def test_it_keeps_receipts_of_stores_and_sources_apart() -> None:
    take([line(), line(license_code="0002")])
    take([line(dtl_amount="30.00")], source="ERP")
    assert Receipt.unscoped.count() == 3 and not ReceiptHistory.unscoped.exists()


@pytest.mark.parametrize("order", ["return first", "sale first", "together"])
def test_it_restates_what_was_returned_whichever_came_first(order: str) -> None:
    sale, first, second = basket(), back("B1", "R1", "4.50"), back("B2", "R1", "40.00")
    files = {
        "return first": [[first], sale, [second]],
        "sale first": [sale, [first], [second]],
        "together": [[*sale, first, second]],
    }
    for rows in files[order]:
        take(rows)
    assert returned() == {"R1": Decimal("44.50")}
    assert totals() == {"R1": Decimal("44.50"), "B1": Decimal("-4.50"), "B2": Decimal("-40.00")}


def test_it_restates_when_a_return_is_corrected_or_pointed_elsewhere() -> None:
    take([line("R1"), line("R2"), back("B1", "R1")])
    take([back("B1", "R1", "5.00")])
    assert returned() == {"R1": Decimal("5.00"), "R2": 0}
    take([back("B1", "R2", "5.00")])
    assert returned() == {"R1": 0, "R2": Decimal("5.00")}
    take([line("B1", dtl_amount="5.00")])
    assert returned() == {"B1": Decimal(0), "R1": 0, "R2": 0}


def test_it_keeps_what_was_returned_when_the_sale_is_corrected() -> None:
    take([line("R1"), back("B1", "R1", "5.00")])
    take([line("R1", dtl_amount="30.00")])
    assert returned() == {"R1": Decimal("5.00")}


def test_it_does_not_link_a_return_to_another_store_or_source() -> None:
    take([line("R1"), back("B1", "R1", license_code="0002")])
    take([back("B2", "R1")], source="ERP")
    assert set(returned().values()) == {Decimal(0)}


def test_it_turns_the_signs_of_a_return_once() -> None:
    take(
        [
            back("B1", ""),
            back("B2", "", "-20.00", dtl_quantity="-1"),
            line("B3", dtl_quantity="-1", dtl_amount="-20"),
        ]
    )
    assert set(totals().values()) == {Decimal("-20.00")}
    assert set(Receipt.unscoped.values_list("is_return", flat=True)) == {True}
    assert set(ReceiptLine.unscoped.values_list("packs", flat=True)) == {-1}


def test_it_finds_the_member_by_phone_before_card() -> None:
    take_in(ImportKind.MEMBERS, "card_no,mobile,license_code\nC1,,0001\n,19900001111,0001\n")
    by_card, by_phone = Member.unscoped.order_by("pk")
    take([line("R1", consumersid="c1"), line("R2", mobilephone="+86 199-0000-1111"),
          line("R3", consumersid="C1", mobilephone=PHONE), line("R4")])  # fmt: skip
    members = dict(Receipt.unscoped.values_list("number", "member"))
    assert members == {"R1": by_card.pk, "R2": by_phone.pk, "R3": by_phone.pk, "R4": None}
    assert Member.unscoped.count() == 2


def test_it_makes_one_member_of_an_unknown_phone_however_typed(store: Store) -> None:
    rows = [
        line("R1", mobilephone="+8619900001111", consumersid="C9"),
        line("R2", mobilephone=PHONE),
        line("R3", consumersid="c9"),
    ]
    assert take(rows).made["members"] == 1
    member = Member.unscoped.get()
    identities: dict[str, object] = dict(MemberIdentity.unscoped.values_list("kind", "value"))
    assert identities == {"phone": PHONE, "card": "C9"}
    assert (member.enrolment_store, member.enrolled_on) == (store, date(2026, 3, 5))
    assert not hasattr(member, "age_verification") and not member.consents.exists()
    assert set(Receipt.unscoped.values_list("member", flat=True)) == {member.pk}


def test_it_makes_nobody_and_nothing_of_a_refused_receipt() -> None:
    record = take([line("R1", mobilephone=PHONE, dtl_barcode="777", receipt_amount="1.00"), line("R2")])
    assert (record.quarantined, record.made["members"], record.made["products"]) == (1, 0, 0)
    assert not Member.unscoped.exists() and not Product.objects.filter(code="777").exists()


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"license_code": "9"}, "store", "No store has"),
        ({"clientorderid": ""}, "number", "1 to 40 bytes"),
        ({"clientorderid": "号" * 14}, "number", "1 to 40 bytes"),
        ({"clientorderid": "R\n2"}, "number", "stands on one line"),
        ({"inputtime": "yesterday"}, "moment", "not a date and time"),
        ({"inputtime": "20270229100000"}, "moment", "not a date and time"),
        ({"inputtime": "99991231235959"}, "moment", "in the future"),
        ({"inputtime": "0001-01-01 00:00"}, "moment", "before 1990"),
        ({"dtl_barcode": ""}, "barcode", "empty"),
        ({"dtl_barcode": "1;2"}, "barcode", "3 to 20"),
        ({"dtl_quantity": "1包"}, "quantity", "not a number"),
        ({"dtl_quantity": "0.5"}, "quantity", "whole packs"),
        ({"dtl_amount": ""}, "amount", "empty"),
        ({"dtl_amount": "20.005"}, "amount", "more than 2 decimals"),
        ({"dtl_amount": "1e7"}, "amount", "not a number"),
        ({"dtl_quantity": "-1"}, "amount", "goods come back"),
        ({"receipt_amount": "21.00"}, "total", "differs from the sum"),
        ({"mobilephone": "199****1111"}, "phone", "masked"),
        ({"consumersid": "C" * 41}, "card", "1 to 40"),
        ({"trade_type": "9"}, "trade_type", "none of the known values"),
        ({"line_no": "0"}, "line", "whole number from 1"),
        ({"PosNo": "x" * 21}, "till", "longer than 20"),
    ],
)
def test_it_sets_a_faulty_row_aside(cells: dict[str, str], column: str, reason: str) -> None:
    record = take([line("R0"), line("R1", **cells)])
    assert counts(record) == {"read": 2, "added": 1, "quarantined": 1}
    ((row, name, why),) = faults(record)
    assert (row, name) == (3, column) and reason in why
    assert totals() == {"R0": Decimal("20.00")}


def test_it_sets_a_moment_in_the_future_aside_but_allows_for_a_fast_clock(store: Store) -> None:
    soon, late = (timezone.now() + timedelta(hours=h) for h in (12, 60))
    record = take(
        [line("R1", inputtime=f"{soon:%Y%m%d%H%M%S}"), line("R2", inputtime=f"{late:%Y%m%d%H%M%S}")]
    )
    assert faults(record) == [(3, "moment", "This lies in the future.")]


def test_it_sets_the_whole_receipt_aside_when_one_row_is_wrong() -> None:
    rows = basket("R1") + basket("R2")
    rows[1]["dtl_quantity"] = "many"
    record = take(rows)
    assert counts(record) == {"read": 4, "added": 2, "quarantined": 2}
    assert [reason for _, _, reason in faults(record)] == [
        "Another row of this receipt is wrong.",
        "This is not a number.",
    ]
    assert record.amount_read == Decimal("89.00") and record.amount_quarantined == Decimal("44.50")


CONTRADICTIONS = {
    "inputtime": "20260305100001",
    "PosNo": "2",
    "mobilephone": PHONE,
    "receipt_amount": "44.51",
    "trade_type": "1",
    "original_orderid": "R0",
}


@pytest.mark.parametrize("name", list(CONTRADICTIONS))
def test_it_sets_a_receipt_aside_that_contradicts_itself(name: str) -> None:
    rows = basket()
    rows[1][name] = CONTRADICTIONS[name]
    record = take(rows)
    assert counts(record) == {"read": 2, "quarantined": 2} and not Receipt.unscoped.exists()
    assert "say something else" in faults(record)[1][2]


def test_it_tells_a_repeated_line_from_two_equal_ones() -> None:
    with_numbers = [line("R1", line_no=1), line("R1", line_no=1)]
    without = [line("R2"), line("R2")]
    contradicting = [line("R3", line_no=1), line("R3", line_no=1, dtl_amount="21.00")]
    record = take(with_numbers + without + contradicting)
    assert counts(record) == {"read": 6, "added": 3, "unchanged": 1, "quarantined": 2}
    assert totals() == {"R1": Decimal("20.00"), "R2": Decimal("40.00")}


def test_it_takes_a_receipt_once_that_stands_in_the_file_twice() -> None:
    record = take(basket() + basket())
    assert counts(record) == {"read": 4, "added": 2, "unchanged": 2}
    assert totals() == {"R1": Decimal("44.50")}
    assert (record.amount_read, record.amount_stored) == (Decimal("89.00"), Decimal("44.50"))


def test_it_counts_a_carton_in_packs_by_barcode_or_unit() -> None:
    rows = [
        line("R1", dtl_barcode=CARTON),
        line("R2", dtl_barcode=PACK, unit="条"),
        line("R3", unit="包", dtl_quantity=2),
    ]
    take([{"unit": "", **row} for row in rows])
    packs = ReceiptLine.unscoped.order_by("receipt__number").values_list("packs", "is_carton")
    assert list(packs) == [(10, True), (10, True), (2, False)]


def test_it_makes_an_unmatched_product_of_an_unknown_barcode() -> None:
    rows = [
        {**line(f"R{n}", dtl_barcode="6911"), "dtl_goodsname": "新茶", "dtl_istobacco": "0"} for n in (1, 2)
    ]
    assert take(rows).made["products"] == 1
    product = Product.objects.get(code="6911")
    assert (product.name, product.is_matched, product.is_tobacco) == ("新茶", False, False)
    assert set(ReceiptLine.unscoped.values_list("product", flat=True)) == {product.pk}


def test_it_reads_a_shop_system_in_chinese_with_total_and_blank_rows() -> None:
    text = (
        "门店编码,小票号,成交日期,成交时间,会员手机,商品条码,单位,数量,金额,实收金额,支付方式,交易类型,原单号\n"
        f"0001,A1,2026/3/5,7:05:16,,{PACK},包,1,20.00,20.00,4,0,\n"
        ",,,,,,,,,,,,\n"
        f"0001,A2,2026-03-05 00:00:00,23:59:59,{PHONE},{PACK},条,-1,-200.00,-200.00,微信,退货,A0\n"
        f"0001,A3,2026/3/5,8:00,,{PACK},包,1,20.00,20.00,现金,作废,\n"
        "合计,,,,,,,3,-180.00,,,,\n"
        "\n"
    )
    record = take(text.encode("gb18030"))
    assert counts(record) == {"read": 6, "added": 2, "ignored": 4}
    assert record.reading["encoding"] == "gb18030"
    receipts = Receipt.unscoped.order_by("number").values_list("number", "tender", "is_return", "minute")
    assert list(receipts) == [("A1", "alipay", False, 425), ("A2", "wechat", True, 1439)]


@pytest.mark.parametrize(
    ("zone", "local", "utc", "day"),
    [
        ("Asia/Shanghai", "2026-03-05 01:59:59", "2026-03-04T17:59:59", "2026-03-04"),
        ("Asia/Shanghai", "2026-03-05 02:00:00", "2026-03-04T18:00:00", "2026-03-05"),
        ("Asia/Shanghai", "2024-02-29 12:00", "2024-02-29T04:00:00", "2024-02-29"),
        ("Asia/Shanghai", "2024-03-01 01:00", "2024-02-29T17:00:00", "2024-02-29"),
        ("America/New_York", "2026-03-08 01:30", "2026-03-08T06:30:00", "2026-03-07"),  # An hour is skipped
        ("America/New_York", "2026-03-08 03:30", "2026-03-08T07:30:00", "2026-03-08"),
        ("America/New_York", "2025-11-02 12:00", "2025-11-02T17:00:00", "2025-11-02"),  # and given back.
        ("America/New_York", "2025-11-01 12:00", "2025-11-01T16:00:00", "2025-11-01"),
    ],
)
def test_it_places_a_moment_in_the_zone_and_business_day_of_its_store(
    zone: str, local: str, utc: str, day: str, store: Store
) -> None:
    closing_at(store, 2, zone)
    take([line(inputtime=local)])
    receipt = Receipt.unscoped.get()
    assert receipt.moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") == utc
    assert receipt.business_day == date.fromisoformat(day)


def test_it_keeps_the_business_day_the_till_sent() -> None:
    take([{**line(inputtime="20260305033000"), "bizdate": "20260304"}])
    assert Receipt.unscoped.get().business_day == date(2026, 3, 4)
    record = take([{**line("R2"), "bizdate": "29990304"}])
    assert faults(record) == [(2, "moment", "This lies in the future.")]


def test_it_gives_the_same_result_from_many_buckets_as_from_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [line(f"R{n % 70}", license_code=f"000{1 + n % 2}", line_no=1 + n % 3) for n in range(300)]
    text = as_csv(rows)
    first = take(text)
    before = everything_stored()
    Receipt.unscoped.all().delete()
    ReceiptLine.unscoped.all().delete()
    monkeypatch.setattr("sales.imports.buckets.BYTES_PER_BUCKET", 1_000)
    monkeypatch.setattr("sales.imports.buckets.MOST_RECORDS", 20)
    assert counts(take(text)) == counts(first)
    assert everything_stored() == before


def test_it_refuses_a_receipt_with_more_lines_than_a_number_holds() -> None:
    record = take([line("R1", line_no=9_999_999), line("R1")])
    assert counts(record) == {"read": 2, "quarantined": 2}
    assert any("seven digits at most" in reason for _row, _column, reason in faults(record))


def test_it_asks_for_the_stores_first_when_there_is_none() -> None:
    Store.unscoped.all().delete()
    with pytest.raises(JobError, match="Import the stores first"):
        take(basket())


def test_it_does_not_take_a_file_of_sales_for_one_of_members() -> None:
    with pytest.raises(JobError, match=r"This looks like a file of Sales, not of Members\."):
        take_in(ImportKind.MEMBERS, [line(mobilephone=PHONE)])
    assert not Member.unscoped.exists()


@pytest.mark.parametrize(
    ("quantity", "amount", "total"), [("1", "20.00", "20.00"), ("-1", "20.00", ""), ("-1", "20.00", "20.00")]
)
def test_it_takes_money_off_for_a_return_whichever_cells_carry_the_sign(
    store: Store, quantity: str, amount: str, total: str
) -> None:
    cells = {"dtl_quantity": quantity, "dtl_amount": amount, "receipt_amount": total, "trade_type": "1"}
    record = take([line(**cells)])
    assert counts(record) == {"read": 1, "added": 1}
    receipt = Receipt.unscoped.get()
    assert (receipt.is_return, receipt.total, receipt.lines.get().packs) == (True, Decimal(-20), -1)


def test_a_row_set_aside_shows_the_cell_as_it_was_sent() -> None:
    record = take([line("R1"), line("R2", dtl_amount=" oops "), line("R3", inputtime="5 March")])
    assert list(record.quarantine.order_by("row").values_list("value", flat=True)) == ["oops", "5 March"]
