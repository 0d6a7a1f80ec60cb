"""Over generated files: rows and money add up, and the end does not depend on the way there."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from organization.models import Import, Store
from sales.models import Receipt, ReceiptHistory, ReceiptLine
from tests.organization.importing import counts
from tests.sales.importing import CARTON, DRINK, PACK, everything_stored, line, make_products, take

pytestmark = pytest.mark.django_db

MOSTLY_GOOD = 12


def mostly(good: list[str], bad: list[str]) -> st.SearchStrategy[str]:
    """Enough good values that most receipts are stored, enough bad ones that some are not."""
    return st.sampled_from(good * (MOSTLY_GOOD // len(good)) + bad)


heads = st.fixed_dictionaries(
    {
        "number": st.sampled_from(["R1", "R2", "R3", "R4", "R5", "R6"]),
        "license_code": mostly(["0001", "0002"], ["9"]),
        "mobilephone": mostly(["", "19900001111", "+8619900001111"], ["199****1111"]),
        "trade_type": mostly(["0", "0", "1"], ["void"]),
        "original_orderid": st.sampled_from(["", "R1", "R2"]),
        "receipt_amount": mostly([""], ["20.00"]),
    }
)
lines = st.fixed_dictionaries(
    {
        "dtl_barcode": mostly([PACK, CARTON, DRINK, "6999"], [""]),
        "dtl_quantity": mostly(["1", "2", "-1"], ["x"]),
        "dtl_amount": st.integers(-500, 50_000).map(lambda cents: f"{cents / 100:.2f}"),
    }
)


def receipt_of(head: dict[str, str], cells: list[dict[str, str]], numbered: bool) -> list[dict[str, Any]]:
    return [line(**head, **cell, line_no=n if numbered else "") for n, cell in enumerate(cells, start=1)]


def files(*, numbered: bool) -> st.SearchStrategy[list[dict[str, Any]]]:
    receipts = st.builds(receipt_of, heads, st.lists(lines, min_size=1, max_size=3), st.just(numbered))
    return st.lists(receipts, min_size=1, max_size=8).map(
        lambda found: [row for rows in found for row in rows]
    )


@pytest.fixture(autouse=True)
def _company(store: Store, other_store: Store) -> None:
    make_products()


def total(manager: Any, **which: object) -> Decimal:
    return manager.filter(**which).aggregate(sum=Sum("total"))["sum"] or Decimal(0)


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM sales_receipt; DELETE FROM sales_receiptline; DELETE FROM sales_receipthistory"
        )


def check(record: Import, before: Decimal) -> None:
    """The database's own check holds rows read = the five counts; here is the money."""
    new = total(Receipt.unscoped, imported_by=record)
    old = total(ReceiptHistory.unscoped, replaced_by=record)
    assert total(Receipt.unscoped) - before == new - old
    assert record.amount_stored == new
    assert record.quarantine.count() == record.quarantined
    lines = ReceiptLine.unscoped.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    assert lines == total(Receipt.unscoped)
    assert record.added + record.updated == ReceiptLine.unscoped.filter(receipt__imported_by=record).count()


def returns_agree() -> bool:
    return all(
        receipt.returned
        == -total(
            Receipt.unscoped,
            store=receipt.store_id,
            source=receipt.source_id,
            original_number=receipt.number,
            is_return=True,
        )
        for receipt in Receipt.unscoped.all()
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=files(numbered=False), second=files(numbered=False))
def test_it_adds_up_and_a_second_time_changes_nothing(
    first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> None:
    empty()
    for content in (first, second):
        before = total(Receipt.unscoped)
        check(take(content), before)
        assert returns_agree()
        stored = everything_stored()
        again = take(content)
        assert set(counts(again)) <= {"read", "unchanged", "ignored", "quarantined"}
        assert everything_stored() == stored


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=files(numbered=True), data=st.data())
def test_it_does_not_matter_how_rows_are_ordered(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    """A receipt whose lines are numbered is the same in whichever order they come."""
    empty()
    take(rows)
    stored = everything_stored()
    empty()
    take(data.draw(st.permutations(rows)))
    assert everything_stored() == stored
