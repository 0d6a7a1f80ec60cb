"""Scan data: 34 fields in their order, mostly without a header; discounts by who gave them."""

from decimal import Decimal
from typing import Any

import pytest

from members.models import MemberIdentity
from organization.jobs import JobError
from organization.models import Store
from sales.imports.formats.scan_data import FIELDS, is_scan_data, plain_moment
from sales.models import Receipt, ReceiptLine
from tests.organization.importing import counts, faults
from tests.sales.importing import everything_stored, make_products, take
from tests.sales.messages import as_scan_data, scan

pytestmark = pytest.mark.django_db
TITLES = ["Outlet Name", "Outlet Number", *["Address"] * 2, "City", "State", "Zip", "Transaction Time",
          "Market Basket Transaction ID", "Scan Transaction ID", "Register ID", "Quantity", "Price", "UPC",
          *[f"Field {n}" for n in range(15, 35)]]  # fmt: skip


@pytest.fixture(autouse=True)
def _company(store: Store, other_store: Store) -> None:
    make_products()
    Store.unscoped.update(time_zone="America/New_York")


def lines_of(number: str = "T1") -> list[tuple[Any, ...]]:
    found = ReceiptLine.unscoped.filter(receipt__number=number).order_by("line_number")
    return list(found.values_list("line_number", "product__code", "quantity", "packs", "amount"))


BASKET = scan("T1", "7001", loyalty="L77"), scan("T1", "7002", quantity="2", price="59.90", unit="CARTON",
              loyalty="L77"), scan("T2", "7003", outlet="0002")  # fmt: skip


@pytest.mark.parametrize("header", [None, TITLES])
def test_it_reads_lines_with_and_without_a_header(header: list[str] | None) -> None:
    record = take(as_scan_data(*BASKET, header=header))
    assert counts(record) == {"read": 3, "added": 3} and record.made["receipts"] == 2
    assert lines_of() == [
        (7001, "T1", Decimal(1), 1, Decimal("5.99")), (7002, "T1", Decimal(2), 20, Decimal("119.80")),
    ]  # fmt: skip
    first = Receipt.unscoped.get(number="T1")
    assert (first.total, first.till, f"{first.moment:%Y-%m-%d %H:%M:%S}") == (
        Decimal("125.79"), "1", "2026-03-05 19:22:33",
    )  # fmt: skip
    assert first.member_id == MemberIdentity.unscoped.get(kind="card").member_id
    assert Receipt.unscoped.get(number="T2").store.code == "0002"
    before = everything_stored()
    assert counts(take(as_scan_data(*BASKET))) == {"read": 3, "unchanged": 3}
    assert everything_stored() == before


def test_it_keeps_discounts_apart_by_who_gave_them() -> None:
    take(as_scan_data(scan(account_off="0.50", maker_off="-1.00", maker_multi_off="0.25", buydown_off="0.30",
                           pid_off="$0.75", multi_off="0.10")))  # fmt: skip
    line = ReceiptLine.unscoped.get()
    assert (line.discount_account, line.discount_manufacturer, line.discount_coupon,
            line.discount_multipack, line.discount) == tuple(
                map(Decimal, ("0.50", "1.55", "0.75", "0.10", "2.90")))  # fmt: skip
    take(as_scan_data(scan("T2")))
    plain = ReceiptLine.unscoped.get(receipt__number="T2")
    assert (plain.discount, plain.discount_coupon) == (Decimal(0), None)


def test_it_notices_that_somebody_else_gave_a_discount() -> None:
    take(as_scan_data(scan(account_off="0.50")))
    assert counts(take(as_scan_data(scan(maker_off="0.50")))) == {"read": 1, "updated": 1}
    assert counts(take(as_scan_data(scan(maker_off="0.50")))) == {"read": 1, "unchanged": 1}


@pytest.mark.parametrize(
    ("unit", "packs"),
    [("PACK", 1), ("CAN", 1), ("EACH", 1), ("", 1), ("CARTON", 10), ("ctn", 10), ("Roll", 10)],
)
def test_it_counts_units_in_packs(unit: str, packs: int) -> None:
    take(as_scan_data(scan(unit=unit)))
    assert ReceiptLine.unscoped.get().packs == packs


@pytest.mark.parametrize(
    "written",
    ["03/05/2026 14:22:33", "3/5/2026 2:22:33 PM", "03/05/26 02:22:33PM", "2026-03-05 14:22:33",
     "2026-03-05T14:22:33", "2026-03-05T14:22:33.000", "2026-03-05T14:22:33-05:00", "20260305142233",
     "03052026142233", "03052026 14:22:33", "20260305 142233", "03-05-2026-14:22:33", "3-5-2026 14:22:33",
     "2026/03/05 14:22:33"],
)  # fmt: skip
def test_it_reads_a_moment_however_it_is_written(written: str) -> None:
    assert plain_moment(written) == "2026-03-05 14:22:33"
    assert is_scan_data(scan(moment=written))


@pytest.mark.parametrize("written", ["13/45/2026 10:00", "2026-03-05T14:22:33Z", "yesterday", ""])
def test_it_leaves_what_is_no_moment(written: str) -> None:
    assert plain_moment(written) == written


def test_it_sets_rows_aside_as_they_were_sent() -> None:
    bad = scan("T2", "2", price="free"), scan("T3", "3", upc=""), scan("T4", "4", maker_off="x")
    record = take(as_scan_data(scan(), *bad, ["too", "short"], scan("T5", outlet="9")))
    assert counts(record) == {"read": 6, "added": 1, "quarantined": 5}
    found = faults(record)
    assert [row for row, _column, _reason in found] == [2, 3, 4, 5, 6]
    assert found[0] == (2, "amount", "This is not a number.")
    assert record.reading["header"] == FIELDS
    came_from = {column["name"]: column["title"] for column in record.reading["columns"]}
    assert (came_from["store"], came_from["amount"]) == ("outlet_number", "units, final_price")
    assert "city" in record.reading["unused"] and "outlet_number" not in record.reading["unused"]


def test_it_asks_for_no_names_where_there_are_none() -> None:
    """Another kind of table without names is refused as before, and nothing of a row becomes a title."""
    with pytest.raises(JobError, match="holds values, not column names"):
        take("\n".join("|".join(scan()[:20]) for _ in range(3)))


def test_it_takes_a_file_whose_rows_end_with_a_bar() -> None:
    assert counts(take(as_scan_data([*scan("T1"), ""], [*scan("T2"), ""]))) == {"read": 2, "added": 2}


def test_it_takes_long_scan_ids_and_blank_rows() -> None:
    lines = scan("T1", "20260305000000017"), [""] * 34, scan("T1", "20260305000000018")
    assert counts(take(as_scan_data(*lines))) == {"read": 3, "added": 2, "ignored": 1}
    assert [line[0] for line in lines_of()] == [17, 18]
