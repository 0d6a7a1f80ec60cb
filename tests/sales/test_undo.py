"""An import of sales is undone: as if the file had never come, or refused with what depends on it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import timezone

from members.models import Member
from organization.jobs import JobError
from organization.models import AuditEvent, Import, ImportKind, Staff, Store
from sales.models import Product, Receipt, ReceiptHistory, ReceiptLine, ReceiptLineHistory
from segmentation.models import NightlyRun
from segmentation.nightly import totals as night_totals
from tests.organization.importing import counts, take_in
from tests.organization.undoing import business_rows, refused, undo
from tests.sales.importing import line, make_products, returned, take, totals

pytestmark = pytest.mark.django_db

PHONE = "19900001111"


@pytest.fixture(autouse=True)
def _company(store: Store, other_store: Store) -> None:
    make_products()


def back(number: str, original: str, amount: str = "20.00", **cells: object) -> dict[str, object]:
    return line(number, trade_type="1", original_orderid=original, dtl_amount=amount, **cells)


def named(name: str, rows: list[dict[str, object]]) -> Import:
    return take_in(ImportKind.SALES, rows, name=name)


def test_it_takes_back_all_that_a_first_file_brought(admin: Staff) -> None:
    before = business_rows()
    record = take([line(mobilephone=PHONE), line("R2", dtl_barcode="777"), back("R3", "R1")])
    assert Member.unscoped.exists() and Product.objects.filter(is_matched=False).exists()
    undo(record, by=admin)
    assert business_rows() == before
    assert record.undone_at and record.undone_by == admin
    event = AuditEvent.unscoped.get(code="import.undone")
    assert event.actor == admin
    assert event.data == {
        "kind": "sales",
        "rows": {"receipts_gone": 3, "products_gone": 1, "members_gone": 1},
    }


def test_it_gives_the_same_when_the_file_comes_again_after_an_undo() -> None:
    rows = [line(mobilephone=PHONE), line("R2", dtl_barcode="777"), back("R3", "R1")]
    first = take(rows)
    stored = business_rows()
    undo(first)
    again = take(rows)
    assert business_rows() == stored
    assert counts(again) == counts(first) and again.made == first.made


def test_it_puts_back_the_versions_it_corrected() -> None:
    take([line(mobilephone=PHONE), line("R2"), back("B1", "R2", "5.00")])
    before = business_rows()
    second = take([
        line(dtl_amount="30.00", inputtime="20260307100000"),
        back("B1", "R1", "7.00"),
        line("R9", dtl_barcode="778"),
    ])  # fmt: skip
    assert returned()["R1"] == Decimal(7) and ReceiptHistory.unscoped.count() == 2
    undo(second)
    assert business_rows() == before
    assert not ReceiptHistory.unscoped.exists() and not ReceiptLineHistory.unscoped.exists()


def test_it_states_anew_what_was_returned_of_a_later_receipt() -> None:
    first = take([back("B1", "R1", "7.00")])
    take([line()])
    assert returned() == {"R1": Decimal(7)}
    undo(first)
    assert returned() == {"R1": Decimal(0)} and totals() == {"R1": Decimal(20)}


def test_it_leaves_later_imports_as_they_are() -> None:
    first = take([line("R1", mobilephone=PHONE), line("R2", dtl_barcode="777")])
    later = [line("R3", mobilephone="19900002222"), line("R4", dtl_barcode="778")]
    take(later)
    undo(first)
    left = business_rows()
    undo(Import.unscoped.latest("pk"))
    take(later)
    assert business_rows() == left


def test_it_keeps_a_member_and_a_product_that_a_later_file_needs(other_store: Store) -> None:
    first = take([line(mobilephone=PHONE, dtl_barcode="777")])
    second = take([
        line("R2", mobilephone=PHONE, dtl_barcode="777", license_code="0002", inputtime="20260310100000")
    ])  # fmt: skip
    undo(first)
    member = Member.unscoped.get()
    # As if the second file had made the member.
    assert (member.enrolment_store, member.enrolled_on) == (other_store, date(2026, 3, 10))
    assert Product.objects.filter(code="777").exists()
    undo(second)
    assert not Member.unscoped.exists() and not Product.objects.filter(code="777").exists()


def test_it_is_refused_where_a_later_file_corrected_its_receipts() -> None:
    first = named("first.csv", [line(), line("R2"), line("R3")])
    second = named("second.csv", [line(dtl_amount="21.00"), line("R2", dtl_amount="22.00")])
    before = business_rows()
    assert refused(first) == (
        "second.csv, which came later, corrected 2 receipts of this import. Undo that one first."
    )
    with pytest.raises(JobError, match="second"):
        undo(first)
    assert business_rows() == before
    undo(second)
    assert not refused(first)
    undo(first)
    assert not Receipt.unscoped.exists()


def test_it_is_refused_where_a_later_file_brought_the_same_receipts() -> None:
    first = named("first.csv", [line(), line("R2")])
    second = named("second.csv", [line(), line("R3")])
    assert refused(first) == (
        "1 row of second.csv, which came later, changed nothing because this import had brought it."
        " Undo that import first."
    )
    undo(second)
    undo(first)
    assert not Receipt.unscoped.exists()


def test_it_is_refused_where_a_file_of_members_completed_a_member_it_made(store: Store) -> None:
    first = named("sales.csv", [line(mobilephone=PHONE)])
    people = take_in(
        ImportKind.MEMBERS, [{"phone": PHONE, "name": "某某", "store": store.code}], name="members.csv"
    )
    assert "members.csv" in refused(first)
    undo(people)
    assert Member.unscoped.get().name is None
    undo(first)
    assert not Member.unscoped.exists()


def test_it_is_done_once() -> None:
    record = take([line()])
    undo(record)
    assert refused(record) == "This import is undone already."
    at = record.undone_at
    undo(record)
    assert record.undone_at == at
    assert AuditEvent.unscoped.filter(code="import.undone").count() == 1


def test_it_is_refused_when_its_time_is_over() -> None:
    record = take([line()])
    record.finished_at = timezone.now() - timedelta(days=settings.RETENTION_DAYS, seconds=1)
    record.save()
    assert f"{settings.RETENTION_DAYS} days" in refused(record)
    Import.unscoped.update(finished_at=timezone.now(), is_journaled=False)
    record.refresh_from_db()
    assert "was not kept" in refused(record)


def test_the_next_night_makes_the_days_anew() -> None:
    take([line(inputtime="20260301100000", number="R0")])
    record = take([line(inputtime="20260305100000", clientorderid="R1")])
    now = timezone.now()
    run = NightlyRun.objects.create(as_of=date(2026, 3, 8), imports_until=now + timedelta(hours=2))
    NightlyRun.objects.create(as_of=date(2026, 3, 9))
    later = NightlyRun.objects.get(as_of=date(2026, 3, 9))
    _now, spans = night_totals.read(later)
    assert not any(first <= date(2026, 3, 5) <= last for first, last in spans)
    run.imports_until = now
    run.save()
    Import.unscoped.update(finished_at=now - timedelta(hours=3))
    undo(record)
    _now, spans = night_totals.read(later)
    assert any(first <= date(2026, 3, 5) <= last for first, last in spans)
    assert not ReceiptLine.unscoped.filter(business_day=date(2026, 3, 5)).exists()
