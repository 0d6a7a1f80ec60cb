"""How a system sends a receipt again, and whether its receipt numbers come back."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from organization.imports.runner import import_run
from organization.jobs import Progress
from organization.models import Import, ImportKind, Source, SourceProfile, Store
from sales.models import Receipt, ReceiptHistory, ReceiptLine, ReceiptLineHistory
from tests.organization.importing import Rows, counts, queue
from tests.organization.undoing import business_rows, undo
from tests.sales.importing import DRINK, everything_stored, line, make_products
from tests.sales.importing import take as take_any
from tests.sales.messages import as_scan_data, scan

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _company(store: Store, other_store: Store) -> None:
    make_products()


def take(rows: Rows | str, **habits: str) -> Import:
    source, _made = Source.objects.get_or_create(name="POS")
    name = "-".join(habits.values())
    profile, _made = SourceProfile.unscoped.get_or_create(
        source=source, kind=ImportKind.SALES, name=name, defaults=habits
    )
    record = queue(ImportKind.SALES, rows)
    record.profile = profile
    record.save()
    assert record.job is not None
    import_run(record.job, Progress(record.job))
    record.refresh_from_db()
    return record


def merged(rows: Rows | str) -> Import:
    return take(rows, resend="merge_lines")


def lines_of(number: str = "R1") -> list[tuple[Any, ...]]:
    found = ReceiptLine.unscoped.filter(receipt__number=number).order_by("line_number")
    return list(found.values_list("line_number", "product__code", "amount"))


ONE, TWO = line(line_no=1), line(line_no=2, dtl_barcode=DRINK, dtl_amount="5.00")


def test_it_puts_lines_sent_later_beside_those_that_are_here() -> None:
    merged([ONE])
    record = merged([TWO])
    assert counts(record) == {"read": 1, "added": 1} and record.made["corrected"] == 1
    assert lines_of() == [(1, "T1", Decimal(20)), (2, "D1", Decimal(5))]
    assert Receipt.unscoped.get().total == 25
    assert record.amount_read == record.amount_stored == 5
    assert ReceiptHistory.unscoped.get().total == 20 and ReceiptLineHistory.unscoped.count() == 1


def test_it_makes_the_same_of_parts_as_of_the_whole() -> None:
    merged([ONE, TWO])
    whole = everything_stored()
    Receipt.unscoped.all().delete()
    ReceiptLine.unscoped.all().delete()
    merged([TWO])
    merged([ONE])
    assert everything_stored() == whole


@pytest.mark.parametrize("again", [[ONE], [TWO], [ONE, TWO]])
def test_it_changes_nothing_when_any_part_comes_again(again: list[dict[str, Any]]) -> None:
    merged([ONE])
    merged([TWO])
    before = everything_stored()
    record = merged(again)
    assert counts(record) == {"read": len(again), "unchanged": len(again)}
    assert record.amount_stored == 0 and everything_stored() == before


def test_it_knows_lines_again_of_which_only_some_have_a_number() -> None:
    rows = [line(line_no=""), line(line_no=1, dtl_amount="5.00"), line(line_no="", dtl_amount="7.00")]
    assert counts(merged(rows)) == {"read": 3, "added": 3}
    assert counts(merged(rows)) == {"read": 3, "unchanged": 3}
    assert counts(merged([*rows, line(line_no="", dtl_amount="1.00")])) == {
        "read": 4,
        "added": 1,
        "unchanged": 3,
    }
    assert [amount for _line, _product, amount in lines_of()] == [5, 20, 7, 1]


def test_it_corrects_a_line_and_keeps_the_others() -> None:
    merged([ONE, TWO])
    record = merged([{**TWO, "dtl_amount": "4.00"}, ONE])
    assert counts(record) == {"read": 2, "updated": 1, "unchanged": 1}
    assert (record.amount_read, record.amount_stored) == (Decimal(24), Decimal(4))
    assert lines_of() == [(1, "T1", Decimal(20)), (2, "D1", Decimal(4))]
    assert Receipt.unscoped.get().total == 24


def test_it_takes_a_corrected_head_to_every_line() -> None:
    merged([ONE, TWO])
    record = merged([{**TWO, "inputtime": "20260306100000", "mobilephone": "19900001111"}])
    assert counts(record) == {"read": 1, "updated": 1}
    receipt = Receipt.unscoped.get()
    days = set(ReceiptLine.unscoped.values_list("business_day", "member"))
    assert days == {(date(2026, 3, 6), receipt.member_id)} and receipt.member_id
    assert (record.first_day, record.last_day) == (date(2026, 3, 5), date(2026, 3, 6))


def test_it_replaces_the_whole_receipt_where_nobody_says_otherwise() -> None:
    take([ONE, TWO])
    assert counts(take([{**ONE, "dtl_amount": "19.00"}])) == {"read": 1, "updated": 1}
    assert lines_of() == [(1, "T1", Decimal(19))]


def test_it_knows_receipts_that_were_sent_whole_before() -> None:
    take([ONE, TWO])
    before = everything_stored()
    assert counts(merged([ONE, TWO])) == {"read": 2, "unchanged": 2}
    assert everything_stored() == before
    assert counts(merged([line(line_no=3)])) == {"read": 1, "added": 1}
    assert len(lines_of()) == 3


def test_it_merges_scan_data_by_itself() -> None:
    take_any(as_scan_data(scan("T1", "7001"), scan("T2", "7003")))
    record = take_any(as_scan_data(scan("T1", "7002", maker_off="0.50"), scan("T1", "7001")))
    assert counts(record) == {"read": 2, "added": 1, "unchanged": 1}
    assert [row[0] for row in lines_of("T1")] == [7001, 7002]


def test_it_merges_from_many_buckets_as_from_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [line(f"R{n % 70}", license_code=f"000{1 + n % 2}", line_no=1 + n // 70) for n in range(280)]
    merged(rows)
    whole = everything_stored()
    Receipt.unscoped.all().delete()
    ReceiptLine.unscoped.all().delete()
    monkeypatch.setattr("sales.imports.buckets.BYTES_PER_BUCKET", 1_000)
    monkeypatch.setattr("sales.imports.buckets.MOST_RECORDS", 20)
    for part in range(3):
        merged(rows[part::3])
    assert everything_stored() == whole


YEARS = [line("7", inputtime=f"{year}0305100000") for year in (2024, 2025, 2026)]


def receipts() -> list[tuple[str, int]]:
    found = Receipt.unscoped.order_by("business_day").values_list("business_day", "epoch")
    return [(day.isoformat(), epoch) for day, epoch in found]


def test_it_tells_receipts_of_two_years_apart() -> None:
    for rows in (YEARS[1:2], YEARS):
        record = take(rows, numbering="yearly")
    assert counts(record) == {"read": 3, "added": 2, "unchanged": 1}
    assert receipts() == [("2024-03-05", 2024), ("2025-03-05", 2025), ("2026-03-05", 2026)]
    before = everything_stored()
    assert counts(take(YEARS, numbering="yearly")) == {"read": 3, "unchanged": 3}
    assert everything_stored() == before


def test_it_corrects_the_receipt_of_its_year() -> None:
    take(YEARS, numbering="yearly")
    moved = {**YEARS[1], "inputtime": "20250307100000"}
    assert counts(take([moved], numbering="yearly")) == {"read": 1, "updated": 1}
    assert receipts() == [("2024-03-05", 2024), ("2025-03-07", 2025), ("2026-03-05", 2026)]


def test_it_tells_receipts_of_two_days_apart() -> None:
    rows = [line("7", inputtime=f"202603{day:02}100000", line_no=n) for day in (5, 6) for n in (1, 2)]
    assert take(rows, numbering="daily").made["receipts"] == 2
    assert counts(take(rows[2:], numbering="daily")) == {"read": 2, "unchanged": 2}
    assert counts(take([{**rows[0], "dtl_amount": "1.00"}], numbering="daily")) == {"read": 1, "updated": 1}
    assert sorted(Receipt.unscoped.values_list("total", flat=True)) == [1, 40]


def test_it_knows_receipts_from_before_the_numbers_came_back() -> None:
    take(YEARS[1:2])
    assert counts(take(YEARS, numbering="yearly")) == {"read": 3, "added": 2, "unchanged": 1}
    assert receipts() == [("2024-03-05", 2024), ("2025-03-05", 0), ("2026-03-05", 2026)]
    record = take([{**YEARS[1], "dtl_amount": "1.00"}], numbering="daily")
    assert counts(record) == {"read": 1, "updated": 1}
    assert receipts()[1] == ("2025-03-05", 0)


def test_it_means_the_last_receipt_of_a_number_where_numbers_do_not_come_back() -> None:
    take(YEARS, numbering="yearly")
    assert counts(take([YEARS[2]])) == {"read": 1, "unchanged": 1}
    assert counts(take([{**YEARS[2], "dtl_amount": "1.00"}])) == {"read": 1, "updated": 1}
    assert receipts()[2] == ("2026-03-05", 2026)


def back(number: str, day: str) -> dict[str, Any]:
    return line(number, inputtime=f"{day}120000", trade_type="1", original_orderid="7")


def test_an_undo_leaves_returns_with_the_receipt_that_had_the_number_then() -> None:
    take([*YEARS[:2], back("8", "20250401"), back("9", "20260401")], numbering="yearly")
    before = business_rows()
    more = take([back("10", "20250501")], numbering="yearly")
    undo(more)
    assert business_rows() == before
    later = take(YEARS, numbering="yearly")
    assert returned_of_7() == [0, 20, 20]
    undo(later)
    assert returned_of_7() == [0, 40] and business_rows() == before


def returned_of_7() -> list[Decimal]:
    found = Receipt.unscoped.filter(number="7").order_by("moment")
    return list(found.values_list("returned", flat=True))


def test_it_takes_a_return_off_the_receipt_that_had_the_number_then() -> None:
    take([*YEARS, back("8", "20250401"), back("9", "20260401")], numbering="yearly")
    assert returned_of_7() == [0, 20, 20]


def test_it_sets_a_receipt_aside_whole_when_a_row_of_it_has_no_day() -> None:
    rows = [
        line("7", line_no=1), line("7", line_no=2, inputtime="soon"),
        line("7", line_no=1, inputtime="20260306100000"), line("8", line_no=1),
    ]  # fmt: skip
    assert counts(take(rows, numbering="daily")) == {"read": 4, "added": 2, "quarantined": 2}
    assert {day for day, _epoch in receipts()} == {"2026-03-05", "2026-03-06"}
