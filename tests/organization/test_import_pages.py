import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from organization.jobs import JobError
from organization.models import AuditEvent, Import, ImportKind, Job, Staff, Store
from tests.organization.importing import queue, take_in

PHONE = "19900007777"
MEMBERS = (
    f"mobile,nickName,sex,license_code,remark\n{PHONE},王测试,9,LICENCE,x\n19900008888,李试,2,LICENCE,=1+1\n"
)


@pytest.fixture
def as_admin(admin: Staff, client: Client) -> Client:
    client.force_login(admin)
    return client


def members_with_a_fault(store: Store) -> Import:
    return take_in(ImportKind.MEMBERS, MEMBERS.replace("LICENCE", store.licence_number), name="members.csv")


@pytest.mark.parametrize("path", ["", "{pk}/", "{pk}/rows/", "{pk}/rows.csv"])
def test_it_is_for_admins_only(path: str, store: Store, manager: Staff, admin: Staff, client: Client) -> None:
    record = members_with_a_fault(store)
    url = f"/imports/{path.format(pk=record.pk)}"
    client.force_login(manager)
    assert client.get(url).status_code == 403
    client.force_login(admin)
    assert client.get(url).status_code == 200


def test_it_says_in_which_order_to_begin(as_admin: Client) -> None:
    page = as_admin.get("/imports/").content.decode()
    assert "Begin with the stores" in page


def test_it_offers_the_kind_that_comes_next(as_admin: Client) -> None:
    assert '<option value="stores" selected>' in as_admin.get("/imports/").content.decode()
    take_in(ImportKind.STORES, "store_id,license_code,cust_name,region\n0009,990000000009,新店,片区\n")
    assert '<option value="products" selected>' in as_admin.get("/imports/").content.decode()


def test_it_knows_stores_that_were_typed_by_hand(as_admin: Client, store: Store) -> None:
    assert '<option value="products" selected>' in as_admin.get("/imports/").content.decode()


def test_it_shows_a_reason_in_the_language_of_the_reader(as_admin: Client, store: Store) -> None:
    rows = [{"mobile": PHONE, "birthday": "soon", "license_code": store.licence_number}]
    record = take_in(ImportKind.MEMBERS, rows)
    as_admin.cookies["django_language"] = "zh-hans"
    for path in ("", "rows/"):
        assert "不是日期，格式应如" in as_admin.get(f"/imports/{record.pk}/{path}").content.decode()


def test_it_queues_one_job_for_each_file(as_admin: Client, admin: Staff) -> None:
    files = [SimpleUploadedFile(f"{n}.csv", b"a,b\n1,2\n") for n in (1, 2)]
    answer = as_admin.post("/imports/", {"kind": "stores", "source": "ERP", "uploads": files})
    assert answer.status_code == 302 and answer["Location"] == "/imports/"
    records = Import.unscoped.order_by("file_name")
    assert [(r.file_name, r.source.name, r.asked_by) for r in records] == [
        ("1.csv", "ERP", admin),
        ("2.csv", "ERP", admin),
    ]
    assert Job.unscoped.filter(kind="import", status="queued").count() == 2
    assert AuditEvent.unscoped.filter(code="import.queued", actor=admin).count() == 2


def test_it_leads_a_single_file_to_its_own_page(as_admin: Client) -> None:
    form = {"kind": "stores", "source": "ERP", "uploads": SimpleUploadedFile("one.csv", b"")}
    answer = as_admin.post("/imports/", form)
    assert answer["Location"] == f"/imports/{Import.unscoped.get().pk}/"


def test_it_says_what_is_missing_in_the_form(as_admin: Client) -> None:
    answer = as_admin.post("/imports/", {"kind": "stores", "source": ""})
    assert answer.status_code == 422
    assert answer.content.decode().count("This field is required.") == 2
    assert not Import.unscoped.exists()


def test_it_polls_while_open_and_reloads_at_the_end(as_admin: Client, store: Store) -> None:
    record = queue(ImportKind.MEMBERS, MEMBERS)
    job = record.job
    assert job is not None
    assert f'hx-get="/jobs/{job.pk}/progress/"' in as_admin.get(f"/imports/{record.pk}/").content.decode()
    headers = {"HX-Request": "true"}
    assert "hx-get" in as_admin.get(f"/jobs/{job.pk}/progress/", headers=headers).content.decode()
    Job.unscoped.update(status="done")
    assert as_admin.get(f"/jobs/{job.pk}/progress/", headers=headers)["HX-Refresh"] == "true"


def test_it_shows_how_the_file_was_read_and_what_needs_fixing(as_admin: Client, store: Store) -> None:
    record = members_with_a_fault(store)
    page = as_admin.get(f"/imports/{record.pk}/").content.decode()
    assert "As CSV in UTF-8, with 4 columns that are known." in page
    assert "<code>nickName</code></td><td><b>Name of the person</b>" in page
    assert "<code>remark</code>" in page  # Not used.
    assert "none of the known values" in page and "row 2 · Sex · 9" in page


def test_it_masks_personal_values_on_pages(as_admin: Client, store: Store) -> None:
    text = MEMBERS.replace("LICENCE", store.licence_number).replace(PHONE, f"{PHONE}x")
    record = take_in(ImportKind.MEMBERS, text.replace("李试", "李" * 41))
    for url in (f"/imports/{record.pk}/", f"/imports/{record.pk}/rows/"):
        page = as_admin.get(url).content.decode()
        assert "199••••7x" in page and PHONE not in page and "李李" not in page


def test_it_masks_personal_values_in_the_wrong_column(as_admin: Client, store: Store) -> None:
    rows = f"mobile,nickName,sex,license_code\n{PHONE},王测,王测试,{store.code}\n19900000002,王,1,{PHONE}\n"
    record = take_in(ImportKind.MEMBERS, rows)
    for url in (f"/imports/{record.pk}/", f"/imports/{record.pk}/rows/"):
        page = as_admin.get(url).content.decode()
        assert "known values" in page and "No store has" in page
        assert PHONE not in page and "王测试" not in page


def test_it_shows_the_rows_with_the_same_fault(as_admin: Client, store: Store) -> None:
    text = "mobile,license_code\n" + "123,L\n" * 60 + "19900001234,unknown\n"
    record = take_in(ImportKind.MEMBERS, text.replace("L\n", f"{store.licence_number}\n"))
    page = as_admin.get(f"/imports/{record.pk}/rows/?page=2").content.decode()
    assert "No store has this licence number" in page and "51–61 of 61" in page
    page = as_admin.get(f"/imports/{record.pk}/rows/?like=2").content.decode()
    table = page.partition("<tbody>")[2]
    assert "No store has this licence number" not in table and "1–50 of 60" in page
    assert page.count('class="chip"') == 3 and page.count('aria-current="page">60 · ') == 1


def test_it_hands_out_rows_with_reasons_and_no_formula(as_admin: Client, admin: Staff, store: Store) -> None:
    text = MEMBERS.replace("LICENCE", store.licence_number).replace("19900008888", "not a phone")
    record = take_in(ImportKind.MEMBERS, text)
    answer = as_admin.get(f"/imports/{record.pk}/rows.csv")
    content = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    header, first, second = csv.reader(io.StringIO(content))
    assert header[3:] == ["mobile", "nickName", "sex", "license_code", "remark"]
    assert first[:2] == ["2", "Sex"] and first[3:5] == [PHONE, "王测试"]
    assert second[1:3] == ["Phone", "This is not a phone number."] and second[-1] == "'=1+1"
    assert AuditEvent.unscoped.filter(code="import.rows_downloaded", actor=admin).count() == 1


def test_it_offers_to_try_a_failed_import_again(as_admin: Client, admin: Staff) -> None:
    record = queue(ImportKind.STORES, "")
    Job.unscoped.update(status="failed", error="The file is empty.")
    page = as_admin.get(f"/imports/{record.pk}/").content.decode()
    assert "The file is empty." in page and "Try again" in page and "Nothing was changed." in page
    assert page.index("Send another file") < page.index("Try again")  # The same file is empty again.
    answer = as_admin.post(f"/jobs/{record.job_id}/retry/")
    assert answer["Location"] == f"/imports/{record.pk}/"
    assert Job.unscoped.get().status == "queued"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?q=ALES", ["sales.csv"]),
        ("?kind=members", ["members.csv"]),
        ("?status=failed", ["sales.csv"]),
        ("?sort=file", ["members.csv", "sales.csv"]),
        ("?sort=-file", ["sales.csv", "members.csv"]),
        ("?sort=nonsense", ["sales.csv", "members.csv"]),
    ],
)
def test_it_finds_imports(query: str, names: list[str], as_admin: Client) -> None:
    queue(ImportKind.MEMBERS, "", name="members.csv")
    failed = queue(ImportKind.SALES, "", name="sales.csv").job
    assert failed is not None
    Job.unscoped.filter(pk=failed.pk).update(status="failed")
    answer = as_admin.get(f"/imports/{query}")
    assert [record.file_name for record in answer.context["page"]] == names


def test_it_finds_imports_by_what_the_list_says_of_them(as_admin: Client) -> None:
    now = timezone.now()
    states: dict[str, dict[str, Any]] = {
        "done": {"finished_at": now, "checked_at": now},
        "checked": {"checked_at": now},
        "failed": {},
        "columns": {"needs_mapping": True},
        "discarded": {"needs_mapping": True, "discarded_at": now},
        "undone": {"finished_at": now, "undone_at": now},
        "queued": {"needs_mapping": True},
    }
    for name, fields in states.items():
        record = queue(ImportKind.SALES, "", name=name)
        assert record.job is not None
        Import.unscoped.filter(pk=record.pk).update(**fields)
        if name != "queued":
            status = "failed" if name in ("failed", "columns") else "done"
            Job.unscoped.filter(pk=record.job.pk).update(status=status)
    for name in states:
        page = as_admin.get(f"/imports/?status={name}").context["page"]
        assert [record.file_name for record in page] == [name]


def test_it_asks_the_database_no_more_for_more_imports(
    as_admin: Client, store: Store, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # Session, person, what is here (2), open jobs of the navigation, count, page.
    for count in (1, 5):
        for _ in range(count):
            queue(ImportKind.MEMBERS, "")
        with django_assert_num_queries(8):
            as_admin.get("/imports/")
    record = members_with_a_fault(store)
    with django_assert_num_queries(8):  # …, import, groups, examples, corrections, rows left
        as_admin.get(f"/imports/{record.pk}/")


def test_it_asks_how_files_are_built_and_whose_they_are(
    as_admin: Client, store: Store, other_store: Store
) -> None:
    page = as_admin.get("/imports/").content.decode()
    assert "Recognise it" in page and "Retail terminal: orders" in page and "MSA retailer scan data" in page
    form = {"kind": "sales", "source": "POS", "shape": "terminal_orders", "store": store.pk, "then": "import"}
    as_admin.post("/imports/", {**form, "uploads": SimpleUploadedFile("a.json", b"[]")})
    record = Import.unscoped.get()
    assert (record.shape, record.store) == ("terminal_orders", store)
    assert str(store) in as_admin.get(f"/imports/{record.pk}/").content.decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"shape": "terminal_stock"}, "Files of the chosen kind are not built like this."),
        ({"shape": "unheard_of"}, "Select a valid choice."),
        ({"store": "999"}, "Select a valid choice."),
    ],
)
def test_it_refuses_a_form_that_cannot_be_meant(
    change: dict[str, str], sentence: str, as_admin: Client
) -> None:
    form = {"kind": "sales", "source": "POS", **change, "uploads": SimpleUploadedFile("a.csv", b"x")}
    answer = as_admin.post("/imports/", form)
    assert answer.status_code == 422 and sentence in answer.content.decode()
    assert not Import.unscoped.exists()


@pytest.mark.parametrize(
    ("kind", "how", "sentence"),
    [
        ("sales", {"shape": "terminal_orders"}, "not built like “Retail terminal: orders”"),
        ("sales", {"shape": "terminal_stock"}, "no shape terminal_stock"),
        ("stores", {"of_store": True}, "A file of this kind names no store."),
    ],
)
def test_it_refuses_a_file_that_is_built_otherwise(
    kind: str, how: dict[str, object], sentence: str, store: Store
) -> None:
    chosen = {"store": store} if how.pop("of_store", False) else {}
    with pytest.raises(JobError, match=sentence):
        take_in(kind, "store_id,license_code,cust_name\n1,1,x\n", **how, **chosen)


def test_it_reads_names_as_they_stand_where_that_is_chosen(store: Store) -> None:
    """Rows of one line each that repeat the count of their receipt are no messages."""
    rows = [
        {"license_code": "0001", "clientorderid": "R1", "inputtime": "20260305100000", "dtlcount": "2",
         "dtl_barcode": f"690{n}", "dtl_quantity": "1", "dtl_amount": "5.00"}
        for n in range(2)
    ]  # fmt: skip
    assert take_in(ImportKind.SALES, rows).quarantined == 2
    assert take_in(ImportKind.SALES, rows, shape="names").added == 2
