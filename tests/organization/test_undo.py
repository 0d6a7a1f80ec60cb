"""Who may undo an import, how it is asked for, and what the pages say; files of stores and of accounts."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from members.models import MemberBefore
from organization.jobs import job_run
from organization.models import (
    AuditEvent,
    Import,
    ImportKind,
    ImportRest,
    Job,
    QuarantinedRow,
    Region,
    RowBefore,
    Staff,
    Store,
)
from organization.services import import_undo, store_update
from organization.services.retention import uploads_forget
from tests.organization.importing import take_in
from tests.organization.undoing import business_rows, refused, undo
from tests.sales.importing import line, make_products
from tests.sales.importing import take as take_sales

pytestmark = pytest.mark.django_db


def a_store(code: str = "0009", **cells: object) -> dict[str, object]:
    return {
        "store_id": code, "license_code": f"99{code}", "cust_name": "新店", "region": "公司/北区",
        "time_zone": "Asia/Shanghai", "closing_hour": "0", **cells,
    }  # fmt: skip


def take(*rows: dict[str, object], name: str = "stores.csv") -> Import:
    return take_in(ImportKind.STORES, rows, name=name)


@pytest.fixture
def as_admin(admin: Staff, client: Client) -> Client:
    client.force_login(admin)
    return client


def test_it_takes_back_stores_and_the_regions_made_for_them(store: Store) -> None:
    before = business_rows()
    record = take(a_store(), a_store("0010", region="公司/北区/一片"))
    undo(record)
    assert business_rows() == before and not RowBefore.unscoped.exists()


def test_a_region_in_use_stays(store: Store) -> None:
    record = take(a_store())
    store.region = Region.objects.get(name="北区")
    store.save()
    undo(record)
    assert Region.objects.filter(name="北区").exists() and not Store.unscoped.filter(code="0009").exists()


def test_it_puts_a_changed_store_back() -> None:
    take(a_store())
    before = business_rows()
    undo(take(a_store(cust_name="老店", closing_hour="3", region="公司/南区")))
    assert business_rows() == before
    assert Store.unscoped.get().region.name == "北区"


@pytest.mark.parametrize("user", ["receipt", "member", "account"])
def test_a_store_in_use_keeps_its_import(user: str, manager: Staff) -> None:
    make_products()
    record = take(a_store())
    if user == "receipt":
        take_sales([line(license_code="0009")])
    elif user == "member":
        take_in(ImportKind.MEMBERS, [{"card": "C1", "store": "0009"}])
    else:
        manager.stores.add(Store.unscoped.get(code="0009"))
    assert refused(record).startswith("Receipts, members, accounts or campaigns belong to stores")
    assert "0009" in refused(record)


def test_receipts_read_by_another_closing_hour_keep_its_import() -> None:
    make_products()
    take(a_store())
    record = take(a_store(closing_hour="3"))
    take_sales([line(license_code="0009", inputtime="20260305010000")])
    assert "1 receipt of a.csv" in refused(record)


def test_what_somebody_changed_by_hand_since_keeps_its_import(admin: Staff) -> None:
    take(a_store())
    record = take(a_store(cust_name="老店"))
    kept = Store.unscoped.get()
    same = {"name_en": "", "region": kept.region, "time_zone": kept.time_zone, "closing_hour": 0}
    store_update(actor=admin, store=kept, name="我的店", is_active=True, **same)  # type: ignore[arg-type]
    assert refused(record).startswith("Changed by hand since: 我的店.")


def test_a_later_file_that_says_the_same_rests_on_it() -> None:
    record = take(a_store())
    take(a_store(), name="again.csv")
    assert "1 row of again.csv, which came later, changed nothing" in refused(record)


def test_accounts_are_not_taken_back(as_admin: Client) -> None:
    record = take_in(ImportKind.STAFF, [{"username": "new", "role": "admin", "name": "N"}])
    page = as_admin.get(f"/imports/{record.pk}/undo/").content.decode()
    assert "deactivate them on the page Staff" in page and "confirm_name" not in page


def test_what_was_before_is_forgotten_with_the_upload(store: Store) -> None:
    stores = take(a_store())
    take(a_store(), name="again.csv")
    people = take_in(ImportKind.MEMBERS, [{"card": "C1", "store": store.code}])
    over = timezone.now() - timedelta(days=settings.RETENTION_DAYS, hours=1)
    Import.unscoped.update(finished_at=over)
    assert uploads_forget()["before"] == 4  # a store, two regions, a member
    assert not (RowBefore.unscoped.exists() or MemberBefore.unscoped.exists() or ImportRest.unscoped.exists())
    for record in (stores, people):
        record.refresh_from_db()
        assert "no longer kept" in refused(record)


def test_it_is_asked_for_by_typing_the_name_of_the_file(as_admin: Client, admin: Staff) -> None:
    record = take(a_store(), a_store("", cust_name=""))
    assert QuarantinedRow.unscoped.exists()
    url = f"/imports/{record.pk}/undo/"
    assert url in as_admin.get(f"/imports/{record.pk}/").content.decode()
    page = as_admin.get(url).content.decode()
    assert "Stores and regions this import added go" in page and 'data-must-equal="stores.csv"' in page
    answer = as_admin.post(url, {"confirm_name": "stores"})
    assert answer.status_code == 422 and not Job.unscoped.filter(kind="undo").exists()
    assert as_admin.post(url, {"confirm_name": "stores.csv"}).status_code == 302
    job = Job.unscoped.get(kind="undo")
    assert (job.label, job.asked_by) == ("Undo: stores.csv", admin)
    assert "How far is the undo?" in as_admin.get(f"/imports/{record.pk}/").content.decode()
    assert as_admin.get(url).status_code == 302  # It is on its way.
    job_run(job.pk)
    record.refresh_from_db()
    assert record.undone_by == admin and not Store.unscoped.filter(code="0009").exists()
    page = as_admin.get(f"/imports/{record.pk}/").content.decode()
    assert 'id="undone"' in page and url not in page
    assert not QuarantinedRow.unscoped.exists()
    codes = AuditEvent.unscoped.order_by("pk").values_list("code", flat=True)
    assert list(codes)[-2:] == ["import.undo_asked", "import.undone"]


def test_lists_say_what_was_undone(as_admin: Client) -> None:
    record = take(a_store())
    undo(record)
    kept = take(a_store(), name="kept.csv")
    page = as_admin.get("/imports/").content.decode()
    assert '<span class="pill warn">Undone</span>' in page
    undone = as_admin.get("/imports/", {"status": "undone"}).content.decode()
    assert record.file_name in undone and kept.file_name not in undone
    assert (
        record.file_name
        not in as_admin.get("/imports/", {"status": "queued"})
        .content.decode()
        .split("What came in?")[1]
        .split("stores.csv</a>")[0]
    )


def test_it_is_queued_once(admin: Staff) -> None:
    record = take(a_store())
    assert import_undo(record=record, actor=admin)
    assert not import_undo(record=record, actor=admin)
    assert Job.unscoped.filter(kind="undo").count() == 1


def test_the_job_says_why_it_was_refused(as_admin: Client, admin: Staff) -> None:
    record = take(a_store())
    import_undo(record=record, actor=admin)
    take(a_store(cust_name="老店"), name="later.csv")
    job = Job.unscoped.get(kind="undo")
    job_run(job.pk)
    job.refresh_from_db()
    assert job.status == "failed" and "later.csv" in job.error
    page = as_admin.get(f"/imports/{record.pk}/").content.decode()
    assert "Why was it not undone?" in page and "later.csv" in page
    assert "later.csv" in as_admin.get(f"/imports/{record.pk}/undo/").content.decode()
