"""From a file nobody knows, over the page that maps it, to rows; and the same file the next day."""

import pytest
from django.test import Client

from organization.imports.runner import import_run
from organization.jobs import JobError, Progress
from organization.models import AuditEvent, Import, ImportKind, Job, SourceProfile, Staff, Store
from sales.models import Receipt
from tests.organization.importing import counts, queue, take_in
from tests.sales.importing import make_products, totals

PHONE = "19900007777"
SOLD = (
    "店铺,小票,卖出日,钟点,货,件,收,客户电话\n"
    f"0001,T1,2026/3/5,10:00,6900000000011,2,40.00,{PHONE}\n"
    "0001,T2,2026/3/5,11:30,6900000000028,1,5.00,\n"
)
BARE = SOLD.split("\n", 1)[1]
RULES = {
    "store-from": "0", "number-from": "1", "moment-from": "2", "moment-how": "joined", "moment-second": "3",
    "barcode-from": "4", "quantity-from": "5", "amount-from": "6", "phone-from": "7", "name": "Till",
    "channel-from": "=", "channel-constant": "counter", "resend": "replace", "numbering": "never",
}  # fmt: skip


@pytest.fixture
def as_admin(admin: Staff, client: Client, store: Store) -> Client:
    make_products()
    client.force_login(admin)
    return client


def work(record: Import) -> Import:
    """Run the open job of an import, as a worker does; a refusal is noted on the job."""
    record.refresh_from_db()
    assert record.job is not None
    try:
        import_run(record.job, Progress(record.job))
    except JobError as error:
        Job.unscoped.filter(pk=record.job.pk).update(status="failed", error=str(error))
    else:
        Job.unscoped.filter(pk=record.job.pk).update(status="done")
    return Import.unscoped.get(pk=record.pk)


def mapped(client: Client, content: str = SOLD, **rules: str) -> Import:
    record = work(queue(ImportKind.SALES, content, check_first=True))
    answer = client.post(f"/imports/{record.pk}/columns/", {**RULES, **rules})
    assert answer.status_code == 302, answer.content.decode()
    return work(record)


def test_it_asks_for_the_columns_of_a_file_it_does_not_know(as_admin: Client) -> None:
    record = work(queue(ImportKind.SALES, SOLD))
    assert record.needs_mapping and record.sample
    assert as_admin.get(f"/imports/{record.pk}/")["Location"] == f"/imports/{record.pk}/columns/"
    page = as_admin.get(f"/imports/{record.pk}/columns/").content.decode()
    assert "Is this the right kind of file?" in page and PHONE not in page and "199••••77" in page
    assert "the values are stores we know" in page and "the values are mobile numbers" in page
    assert "Columns to map" in as_admin.get("/imports/").content.decode()


def test_it_checks_then_imports_what_was_mapped(as_admin: Client, admin: Staff) -> None:
    record = mapped(as_admin)
    assert record.is_waiting and record.profile and record.profile.name == "Till"
    page = as_admin.get(f"/imports/{record.pk}/").content.decode()
    assert "Read with the profile <b>Till</b>" in page and "卖出日 + 钟点" in page
    assert not Receipt.unscoped.exists()
    as_admin.post(f"/imports/{record.pk}/confirm/")
    record = work(record)
    assert counts(record) == {"read": 2, "added": 2} and {k: str(v) for k, v in totals().items()} == {
        "T1": "40.00",
        "T2": "5.00",
    }
    assert record.sample is None
    receipt = Receipt.unscoped.get(number="T1")
    assert receipt.member_id and receipt.moment.isoformat() == "2026-03-05T02:00:00+00:00"
    codes = set(AuditEvent.unscoped.filter(actor=admin).values_list("code", flat=True))
    assert {"profile.created", "import.mapped", "import.confirmed"} <= codes
    trail = "".join(str(event.data) + str(event.after) for event in AuditEvent.unscoped.all())
    assert PHONE not in trail


def test_it_knows_the_file_of_the_next_day_in_whatever_order(as_admin: Client) -> None:
    mapped(as_admin)
    rows = [line.split(",") for line in SOLD.replace("T1", "T8").replace("T2", "T9").split("\n")[:-1]]
    record = take_in(ImportKind.SALES, "\n".join(",".join(reversed(row)) for row in rows) + "\n")
    assert counts(record) == {"read": 2, "added": 2}
    assert record.profile and record.profile.name == "Till" and record.shape == "mapping"
    assert "Read with the profile <b>Till</b>" in as_admin.get(f"/imports/{record.pk}/").content.decode()
    with pytest.raises(JobError):
        take_in(ImportKind.SALES, SOLD, source="Another")


def test_it_maps_a_file_without_names(as_admin: Client) -> None:
    record = mapped(as_admin, BARE, headerless="1")
    assert (
        record.mapping
        and record.mapping["headerless"]
        and record.profile
        and record.profile.fingerprint == "0:ntdtnnnn"
    )
    as_admin.post(f"/imports/{record.pk}/confirm/")
    assert counts(work(record)) == {"read": 2, "added": 2}
    later = take_in(ImportKind.SALES, BARE.replace("T1", "T8").replace(PHONE, ""))
    assert counts(later) == {"read": 2, "added": 1, "unchanged": 1} and later.profile == record.profile


def test_it_says_beside_the_column_what_is_missing(as_admin: Client) -> None:
    record = work(queue(ImportKind.SALES, SOLD))
    rules = {**RULES, "amount-from": "", "moment-second": "", "channel-constant": ""}
    answer = as_admin.post(f"/imports/{record.pk}/columns/", rules)
    page = answer.content.decode()
    assert answer.status_code == 422 and page.count('class="errors"') == 3
    assert "Choose the second column." in page and 'value="Till"' in page
    assert not SourceProfile.unscoped.exists()


def test_it_shows_at_once_what_a_mapping_makes(as_admin: Client) -> None:
    record = work(queue(ImportKind.SALES, SOLD))
    url = f"/imports/{record.pk}/columns/preview/"
    page = as_admin.post(url, RULES).content.decode()
    assert "Nothing is wrong in the first 2 rows." in page and "2026/3/5 10:00" in page and PHONE not in page
    page = as_admin.post(
        url, {**RULES, "quantity-from": "3", "store-from": "1", "amount-from": ""}
    ).content.decode()
    assert "Still to be chosen: Amount." in page
    assert "Quantity, 2 of 2: This is not a number." in page
    assert "Store: 2 of 2 values are not known here." in page
    assert page.count('id="mapping-state" hx-swap-oob="true"') == 1


def test_it_reads_a_checked_file_by_our_names_again(as_admin: Client) -> None:
    text = "store,number,moment,barcode,quantity,amount\n0001,R1,20260305100000,6900000000011,1,20\n"
    at = {"moment-from": "2", "barcode-from": "3", "quantity-from": "4", "amount-from": "5"}
    record = mapped(as_admin, text, **{**at, "moment-how": "column", "phone-from": ""})
    page = as_admin.get(f"/imports/{record.pk}/columns/").content.decode()
    assert "own names of columns" in page
    as_admin.post(f"/imports/{record.pk}/read-with/", {"reading": "names"})
    record = work(record)
    assert (record.shape, record.profile, record.mapping) == ("names", None, None) and record.is_waiting


def test_it_changes_the_columns_of_nothing_that_is_in(as_admin: Client) -> None:
    record = mapped(as_admin)
    as_admin.post(f"/imports/{record.pk}/confirm/")
    record = work(record)
    answer = as_admin.post(f"/imports/{record.pk}/columns/", RULES)
    assert answer["Location"] == f"/imports/{record.pk}/"
    as_admin.post(f"/imports/{record.pk}/read-with/", {"reading": "names"})
    assert Import.unscoped.get(pk=record.pk).shape == "mapping"


def test_a_profile_is_renamed_and_changed_and_what_was_read_stays(as_admin: Client, admin: Staff) -> None:
    record = mapped(as_admin)
    profile = SourceProfile.unscoped.get()
    assert "Till" in as_admin.get("/imports/profiles/").content.decode()
    change = {
        **RULES,
        "name": "Old till",
        "quantity-how": "times",
        "quantity-times": "10",
        "resend": "merge_lines",
    }
    assert as_admin.post(f"/imports/profiles/{profile.pk}/", change).status_code == 302
    profile.refresh_from_db()
    assert (profile.name, profile.resend) == ("Old till", "merge_lines")
    assert profile.mapping["columns"]["quantity"] == {"how": "times", "times": "10", "refs": ["件"]}
    event = AuditEvent.unscoped.get(code="profile.updated", actor=admin)
    assert event.before["name"] == "Till" and event.after["mapping"]["columns"]["quantity"]["times"] == "10"
    as_admin.post(f"/imports/{record.pk}/confirm/")
    kept = work(record).mapping
    assert kept and kept["columns"]["quantity"] == {"how": "column", "refs": ["件"]}


def test_a_profile_is_deleted_without_harm(as_admin: Client) -> None:
    record = mapped(as_admin)
    as_admin.post(f"/imports/profiles/{SourceProfile.unscoped.get().pk}/delete/")
    as_admin.post(f"/imports/{record.pk}/confirm/")
    record = work(record)
    assert record.profile is None and counts(record) == {"read": 2, "added": 2}


def test_two_layouts_of_a_source_have_two_names(as_admin: Client) -> None:
    mapped(as_admin)
    record = work(queue(ImportKind.SALES, SOLD.replace("收,", "收钱,")))
    page = as_admin.get(f"/imports/{record.pk}/columns/").content.decode()
    assert 'value="POS"' in page
    answer = as_admin.post(f"/imports/{record.pk}/columns/", RULES)
    assert (
        answer.status_code == 422
        and "Another profile of this source has this name." in answer.content.decode()
    )


NOISE: list[dict[str, str]] = [
    *({}, {"store-from": "99"}, {"store-from": "-1"}, {"store-from": "²"}, {"store-how": "?"}),
    {"headerless": "1", "moment-from": "\0"},
]


@pytest.mark.parametrize("noise", NOISE)
def test_it_survives_what_no_page_sends(noise: dict[str, str], as_admin: Client) -> None:
    record = work(queue(ImportKind.SALES, SOLD))
    url = f"/imports/{record.pk}/columns/"
    rules = {**RULES, **noise} if noise else {}
    assert as_admin.post(url, rules).status_code == 422
    assert as_admin.post(f"{url}preview/", rules).status_code == 200
