"""A check says what the import will do, and writes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from demo.awful import RECEIPTS
from members.models import Member, MemberIdentity
from organization.jobs import job_run
from organization.models import AuditEvent, Import, ImportKind, Job, Staff, Store
from sales.models import Product, Receipt
from tests.organization.importing import counts, queue
from tests.sales.importing import everything_stored, line, make_products

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = "19900007777"


def checked(kind: str, content: Any, **how: Any) -> Import:
    record = queue(kind, content, check_first=True, **how)
    return run(record)


def run(record: Import) -> Import:
    assert record.job_id is not None
    job_run(record.job_id)
    record = Import.unscoped.select_related("job").get(pk=record.pk)
    assert record.job is not None and record.job.status == "done", record.job
    return record


def report(record: Import) -> dict[str, Any]:
    return dict(json.loads(record.report or ""))


def rows_in_tables() -> dict[str, int]:
    """Of every table but those in which the import itself and its job stand."""
    own = {"organization_import", "organization_job", "organization_source", "django_session"}
    with connection.cursor() as cursor:
        found = {}
        for table in set(connection.introspection.table_names(cursor)) - own:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            found[table] = cursor.fetchone()[0]
    return {table: count for table, count in found.items() if not table.startswith("organization_audit")}


@pytest.fixture
def as_admin(admin: Staff, client: Client) -> Client:
    client.force_login(admin)
    return client


def sales() -> list[dict[str, object]]:
    return [
        line("R1", mobilephone=PHONE),
        line("R2", dtl_barcode="777"),
        line("R3", license_code="9", mobilephone=PHONE),
        line("R4", mobilephone=f"{PHONE}x"),
    ]


@pytest.mark.parametrize(
    "name", ["total_rows.csv", "returns.csv", "unknown_store.csv", "amounts_that_are_none.csv"]
)
def test_it_says_what_the_import_then_does(name: str, store: Store, admin: Staff) -> None:
    make_products()
    record = checked(ImportKind.SALES, RECEIPTS[name].files[0])
    said = report(record)
    assert counts(record) == {} and not Receipt.unscoped.exists()
    done = run(queue(ImportKind.SALES, RECEIPTS[name].files[0]))
    assert said["counts"] | {} == {**dict.fromkeys(said["counts"], 0), **counts(done)}
    assert said["made"] == done.made
    assert said["amounts"] == [str(done.amount_read), str(done.amount_stored), str(done.amount_quarantined)]
    assert [problem["row"] for problem in said["problems"]] == list(
        done.quarantine.order_by("row").values_list("row", flat=True)
    )


def test_it_writes_nothing(store: Store) -> None:
    make_products()
    before, stored = rows_in_tables(), everything_stored()
    record = checked(ImportKind.SALES, sales())
    assert rows_in_tables() == before and everything_stored() == stored
    assert record.is_waiting and record.finished_at is None


def test_it_shows_rows_as_they_would_be_stored(store: Store) -> None:
    make_products()
    said = report(checked(ImportKind.SALES, sales()))
    stored = [dict(zip(said["header"], row, strict=True)) for row in said["rows"]]
    assert [row["Receipt number"] for row in stored] == ["R1", "R2"]
    assert stored[0]["Date and time"] == "2026-03-05 10:00:00" and stored[0]["Amount"] == "20.00"
    assert [name for name, _fate in said["new"]] == ["777"]
    assert [(problem["row"], problem["column"]) for problem in said["problems"]] == [
        (4, "Store"),
        (5, "Member (phone)"),
    ]
    assert PHONE not in json.dumps(said)


def test_it_shows_stores_products_and_members_too(store: Store) -> None:
    said = report(checked(ImportKind.STORES, "store_id,license_code,cust_name\nS9,999,新店\n"))
    assert [row[:3] for row in said["rows"]] == [["S9", "999", "新店"]]
    content = "goods_code,name,pack_barcode,carton_barcode,retail_price\nT9,云岭,6911,6912,25.50\n"
    said = report(checked(ImportKind.PRODUCTS, content))
    assert said["rows"] == [["T9", "云岭", "6911, 6912", "no", "10", "25.5", ""]]
    content = f"card_no,mobile,nickName,license_code\nC123456789,{PHONE},王测试,0001\n"
    said = report(checked(ImportKind.MEMBERS, content))
    assert said["rows"][0][:4] == ["C12••••89", "199••••77", "", "••••"]
    assert not Product.objects.exists() and not Member.unscoped.exists() and Store.unscoped.count() == 1


def test_it_shows_what_a_row_becomes_that_is_here_already(store: Store) -> None:
    content = f"store_id,license_code,cust_name\n0001,{store.licence_number},新名\n"
    record = checked(ImportKind.STORES, content)
    assert report(record)["counts"]["updated"] == 1
    assert report(record)["rows"][0][2] == "新名"
    store.refresh_from_db()
    assert store.name == "南屏路店"


def test_it_keeps_the_report_sealed(store: Store) -> None:
    make_products()
    report = checked(ImportKind.SALES, sales()).report or ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT report FROM organization_import")
        stored = bytes(cursor.fetchone()[0])
    # Long enough not to turn up in a cipher by chance.
    for said in ('"counts"', '"0001", "R1", "2026-'):
        assert said in report and said.encode() not in stored


def test_it_imports_what_was_checked(store: Store, admin: Staff, as_admin: Client) -> None:
    make_products()
    record = checked(ImportKind.SALES, sales(), by=admin)
    page = as_admin.get(f"/imports/{record.pk}/").content.decode()
    assert "Import 2 rows" in page and "nothing has been written" in page and PHONE not in page
    answer = as_admin.post(f"/imports/{record.pk}/confirm/")
    assert answer["Location"] == f"/imports/{record.pk}/"
    record.refresh_from_db()
    assert not record.is_waiting
    assert record.report
    done = run(record)
    assert counts(done) == {"read": 4, "added": 2, "quarantined": 2}
    assert done.report is None  # Rows of people are kept for the one who decides, and no longer.
    assert AuditEvent.unscoped.filter(code="import.confirmed", actor=admin).count() == 1
    assert MemberIdentity.unscoped.count() == 1
    assert as_admin.post(f"/imports/{record.pk}/confirm/").status_code == 302
    assert Job.unscoped.count() == 2  # A second click asks for nothing.


def test_it_discards_what_was_checked(store: Store, admin: Staff, as_admin: Client) -> None:
    record = checked(ImportKind.STORES, "store_id,license_code,cust_name\nS9,999,新店\n")
    assert Path(record.path).exists()
    as_admin.post(f"/imports/{record.pk}/discard/")
    record.refresh_from_db()
    assert record.discarded_at and not record.report and not Path(record.path).exists()
    assert "This file was discarded" in as_admin.get(f"/imports/{record.pk}/").content.decode()
    assert "Discarded" in as_admin.get("/imports/").content.decode()
    as_admin.post(f"/imports/{record.pk}/confirm/")
    assert Job.unscoped.count() == 1 and not Store.unscoped.filter(code="S9").exists()


def test_it_says_why_a_file_cannot_be_checked(as_admin: Client) -> None:
    record = queue(ImportKind.STORES, "store_id,license_code,cust_name\n", check_first=True)
    job_run(record.job_id)  # type: ignore[arg-type]
    page = as_admin.get(f"/imports/{record.pk}/").content.decode()
    assert "column names but no rows" in page and "Nothing was changed." in page


@pytest.mark.parametrize(("then", "checks"), [("check", True), ("import", None)])
def test_it_checks_first_when_asked_to(then: str, checks: bool | None, as_admin: Client) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    form = {"kind": "stores", "source": "ERP", "then": then, "uploads": SimpleUploadedFile("a.csv", b"x")}
    as_admin.post("/imports/", form)
    assert Job.unscoped.get().payload.get("check") is checks


def test_it_counts_faults_of_all_rows_and_offers_no_import_of_nothing(store: Store, as_admin: Client) -> None:
    rows = [{"goods_code": f"T{n}", "name": "云岭", "pack_barcode": "", "价类": "一类"} for n in range(250)]
    record = checked(ImportKind.PRODUCTS, [*rows, {**rows[0], "pack_barcode": "6901", "价类": "九类"}])
    found = [(group["count"], group["row"]) for group in report(record)["groups"]]
    assert found == [(250, 2), (1, 252)] and len(report(record)["problems"]) == 200
    page = as_admin.get(f"/imports/{record.pk}/").content.decode()
    assert '<span class="num">250</span>' in page and "51 more rows are not listed here" in page
    assert "/confirm/" not in page and "/discard/" in page


def test_the_first_files_name_what_was_only_checked(store: Store, as_admin: Client) -> None:
    record = checked(ImportKind.PRODUCTS, [{"goods_code": "T1", "name": "云岭", "pack_barcode": "6901"}])
    assert "Checked</span>" in as_admin.get("/first-steps/files/").content.decode()
    as_admin.post(f"/imports/{record.pk}/discard/")
    assert record.file_name not in as_admin.get("/first-steps/files/").content.decode()
