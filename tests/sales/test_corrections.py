"""Rows set aside come again, mended: as a file, typed on the page, or as they are."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from organization.models import AuditEvent, Import, ImportKind, QuarantinedRow, Staff, Store
from sales.models import ReceiptHistory
from tests.conftest import make_store
from tests.organization.importing import as_csv, counts, faults, queue
from tests.organization.test_mapping_page import BARE, RULES, work
from tests.organization.undoing import undo
from tests.sales.importing import DRINK, line, make_products, take, totals

PHONE = "19900007777"


@pytest.fixture
def as_admin(admin: Staff, client: Client, store: Store) -> Client:
    make_products()
    client.force_login(admin)
    return client


def downloaded(client: Client, record: Import) -> list[list[str]]:
    answer = client.get(f"/imports/{record.pk}/rows.csv")
    content = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(content, newline="")))


def sent_back(client: Client, record: Import, rows: list[list[str]], encoding: str = "utf-8-sig") -> Import:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    file = SimpleUploadedFile("mended.csv", text.getvalue().encode(encoding))
    answer = client.post(f"/imports/{record.pk}/rows/corrected/", {"upload": file})
    assert answer.status_code == 302
    again: Import = Import.unscoped.latest("pk")
    assert answer["Location"] == f"/imports/{again.pk}/" and again.corrects == record
    return work(again)


def with_faults() -> Import:
    return take(
        [
            line("R1"),
            line("R2", dtl_amount="x", mobilephone=PHONE),
            line("R2", dtl_barcode=DRINK, dtl_amount="5.00", mobilephone=PHONE),
            line("R3", inputtime="soon"),
        ]
    )


def mended(rows: list[list[str]]) -> list[list[str]]:
    return [
        [cell.replace("soon", "20260305100000") if cell != "x" else "20.00" for cell in row] for row in rows
    ]


def test_the_trail_says_who_sent_rows_again_and_no_value(as_admin: Client, admin: Staff) -> None:
    record = with_faults()
    rows = downloaded(as_admin, record)
    assert [row[0] for row in rows[1:]] == ["3", "4", "5"]  # All of the receipt with the one bad line.
    again = sent_back(as_admin, record, mended(rows))
    event = AuditEvent.unscoped.get(code="import.rows_corrected")
    assert (event.actor, event.data) == (admin, {"rows": 3, "corrects": record.pk})
    assert counts(again) == {"read": 3, "added": 3}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_what_was_mended_is_in_and_off_the_list(as_admin: Client, encoding: str) -> None:
    record = take([line("R1"), line("R2", dtl_amount="x"), line("R2", dtl_barcode=DRINK, dtl_amount="5.00")])
    again = sent_back(as_admin, record, mended(downloaded(as_admin, record)), encoding)
    assert counts(again) == {"read": 2, "added": 2}
    assert totals() == {"R1": Decimal("20.00"), "R2": Decimal("25.00")}
    assert len(downloaded(as_admin, record)) == 1
    page = as_admin.get(f"/imports/{record.pk}/").content.decode()
    assert "2 rows were set aside; 0 of them are still here." in page and f"/imports/{again.pk}/" in page
    record.refresh_from_db()
    assert counts(record) == {"read": 3, "added": 1, "quarantined": 2}  # What happened then stays true.


def test_what_is_still_wrong_waits_with_the_correction(as_admin: Client) -> None:
    record = with_faults()
    rows = downloaded(as_admin, record)
    again = sent_back(as_admin, record, [[cell if cell != "x" else "20.00" for cell in row] for row in rows])
    assert counts(again) == {"read": 3, "added": 2, "quarantined": 1}
    assert [(row, column) for row, column, _reason in faults(again)] == [(4, "moment")]
    assert QuarantinedRow.unscoped.filter(source_import=record, taken_by=again).count() == 3
    page = as_admin.get(f"/imports/{record.pk}/").content.decode()
    assert "1 of them was still wrong and waits on the page of its correction" in page
    last = sent_back(as_admin, again, mended(downloaded(as_admin, again)))
    assert last.corrects == again and "R3" in totals()
    assert "Nothing is left to fix here" not in as_admin.get(f"/imports/{record.pk}/").content.decode()


def test_a_correction_is_checked_first_where_asked(as_admin: Client) -> None:
    record = with_faults()
    text = io.StringIO(newline="")
    csv.writer(text).writerows(mended(downloaded(as_admin, record)))
    file = SimpleUploadedFile("m.csv", text.getvalue().encode())
    as_admin.post(f"/imports/{record.pk}/rows/corrected/", {"upload": file, "then": "check"})
    again = work(Import.unscoped.latest("pk"))
    assert again.is_waiting and QuarantinedRow.unscoped.filter(taken_by=None).count() == 3
    assert "that came again" in as_admin.get(f"/imports/{again.pk}/").content.decode()
    as_admin.post(f"/imports/{again.pk}/confirm/")
    assert work(again).finished_at and QuarantinedRow.unscoped.filter(taken_by=again).count() == 3


def test_it_takes_columns_that_a_spreadsheet_added(as_admin: Client) -> None:
    record = take([line("R1", dtl_amount="x")])
    rows = [[*row, "", ""] for row in mended(downloaded(as_admin, record))]
    assert counts(sent_back(as_admin, record, rows)) == {"read": 1, "added": 1}


def test_it_refuses_another_file(as_admin: Client) -> None:
    record = take([line("R1", dtl_amount="x")])
    for content in (b"a,b\n1,2\n", b"", b"\x00\x01", as_csv([line("R1") | {"more": "1"}]).encode()):
        file = SimpleUploadedFile("x.csv", content)
        answer = as_admin.post(f"/imports/{record.pk}/rows/corrected/", {"upload": file}, follow=True)
        assert answer.status_code == 200 and b'class="error"' in answer.content
    assert Import.unscoped.count() == 1


@pytest.mark.parametrize(
    ("fault", "mend"),
    [
        ({"license_code": "nowhere"}, ("nowhere", "0001")),
        ({"license_code": "nowhere"}, ("nowhere", "990000000001")),
        ({"clientorderid": "R" * 41}, ("R" * 41, "R2")),
    ],
)
def test_a_receipt_keeps_its_good_lines_where_the_bad_one_could_not_be_told_to_be_its(
    as_admin: Client, fault: dict[str, str], mend: tuple[str, str]
) -> None:
    """The good line went in alone; when the other comes, a receipt of that line alone would replace it."""
    record = take([line("R2"), line("R2", dtl_barcode=DRINK, dtl_amount="5.00", **fault), line("R3")])
    assert totals() == {"R2": Decimal("20.00"), "R3": Decimal("20.00")}
    rows = [[cell.replace(*mend) for cell in row] for row in downloaded(as_admin, record)]
    again = sent_back(as_admin, record, rows)
    assert totals() == {"R2": Decimal("25.00"), "R3": Decimal("20.00")}
    assert again.fetched == 1 and counts(again) == {"read": 2, "updated": 2}
    assert ReceiptHistory.unscoped.count() == 1
    assert (
        "1 more row of the same receipts was fetched"
        in as_admin.get(f"/imports/{again.pk}/").content.decode()
    )


def test_a_short_row_comes_back_to_its_receipt(as_admin: Client) -> None:
    text = as_csv([line("R2"), line("R2", dtl_barcode=DRINK, dtl_amount="5.00")]).rstrip().removesuffix(",")
    record = take(text + "\n")
    assert totals() == {"R2": Decimal("20.00")} and faults(record)[0][0] == 3
    header, short = downloaded(as_admin, record)
    sent_back(as_admin, record, [header, [*short, ""]])
    assert totals() == {"R2": Decimal("25.00")}


def test_numbers_and_dates_are_read_as_the_first_file_wrote_them(as_admin: Client) -> None:
    """Alone, 3/4/2026 and 1.500 could be read in two ways."""
    record = take(
        [
            line("R1", inputtime="25/03/2026 10:00", dtl_amount="1.234,50"),
            line("R2", inputtime="03/04/2026 10:00", dtl_amount="1.500", dtl_quantity="x"),
        ]
    )
    rows = downloaded(as_admin, record)
    again = sent_back(as_admin, record, [["1" if cell == "x" else cell for cell in row] for row in rows])
    assert (
        totals()["R2"] == Decimal("1500.00")
        and again.first_day
        and again.first_day.isoformat() == "2026-04-03"
    )


def test_a_mapped_file_without_names_is_mended_too(as_admin: Client) -> None:
    record = work(queue(ImportKind.SALES, BARE.replace("40.00", "oops")))
    as_admin.post(f"/imports/{record.pk}/columns/", RULES | {"headerless": "1"})
    as_admin.post(f"/imports/{work(record).pk}/confirm/")
    record = work(record)
    assert counts(record) == {"read": 2, "added": 1, "quarantined": 1}
    rows = downloaded(as_admin, record)
    assert rows[0][3:] == [str(n) for n in range(1, 9)] and rows[1][0] == "1"
    again = sent_back(as_admin, record, [[cell.replace("oops", "40") for cell in row] for row in rows])
    assert counts(again) == {"read": 1, "added": 1} and totals()["T1"] == Decimal("40.00")


def test_it_mends_a_row_on_the_page_and_shows_no_person(as_admin: Client) -> None:
    record = take(
        [line("R2", dtl_amount="x", mobilephone=PHONE), line("R2", dtl_amount="5.00", mobilephone=PHONE)]
    )
    page = as_admin.get(f"/imports/{record.pk}/rows/?edit=2").content.decode()
    part = as_admin.get(f"/imports/{record.pk}/rows/one/?edit=2").content.decode()
    for text in (page, part):
        assert PHONE not in text and "199••••77" in text and 'value="x"' in text
        wrong = text.partition('value="x"')[2]
        assert text.count('aria-invalid="true"') == 1 and wrong.index("aria-invalid") < wrong.index(">")
    header = record.reading["header"]
    at, phone = header.index("dtl_amount"), header.index("mobilephone")
    form = {"row": "2", f"cell-2-{at}": "20.00", f"cell-2-{phone}": ""}
    answer = as_admin.post(f"/imports/{record.pk}/rows/mended/", form)
    again = work(Import.unscoped.latest("pk"))
    assert answer["Location"] == f"/imports/{again.pk}/"
    # Its other row was set aside with it, and came along.
    assert counts(again) == {"read": 2, "added": 2} and totals() == {"R2": Decimal("25.00")}
    assert again.made["members"] == 1 and again.fetched == 1
    assert not QuarantinedRow.unscoped.filter(taken_by=None).exists()
    assert PHONE not in "".join(str(event.data) for event in AuditEvent.unscoped.all())


def test_all_rows_come_again_once_what_they_lacked_is_here(as_admin: Client, store: Store) -> None:
    record = take([line("R1", license_code="0009"), line("R2", license_code="0009")])
    make_store(store.region, "0009")
    as_admin.post(f"/imports/{record.pk}/rows/again/")
    assert counts(work(Import.unscoped.latest("pk"))) == {"read": 2, "added": 2}
    answer = as_admin.post(f"/imports/{record.pk}/rows/again/", follow=True)
    assert "None of these rows is still set aside." in answer.content.decode()


def test_corrections_leave_no_file_behind_but_their_own(as_admin: Client, settings: object) -> None:
    record = take([line("R2"), line("R2", license_code="nowhere", dtl_amount="5.00")])
    rows = [[cell.replace("nowhere", "0001") for cell in row] for row in downloaded(as_admin, record)]
    again = sent_back(as_admin, record, rows)
    kept = {str(path) for path in Path(settings.MEDIA_ROOT).iterdir()}  # type: ignore[attr-defined]
    assert kept == {record.path, again.path}


def test_two_corrections_of_one_receipt_lose_no_line(as_admin: Client) -> None:
    """Each bad row could not be told to be the receipt's; they are mended one after the other."""
    bad = line("R2", license_code="nowhere", dtl_amount="5.00"), line("R" * 41, dtl_amount="7.00")
    record = take([line("R2"), *bad])
    header, one, two = downloaded(as_admin, record)
    sent_back(as_admin, record, [header, [cell.replace("nowhere", "0001") for cell in one]])
    assert totals() == {"R2": Decimal("25.00")}
    again = sent_back(as_admin, record, [header, [cell.replace("R" * 41, "R2") for cell in two]])
    assert totals() == {"R2": Decimal("32.00")} and again.fetched == 2


def test_a_correction_of_a_correction_finds_the_first_file(as_admin: Client) -> None:
    record = take([line("R2"), line("R2", license_code="nowhere", dtl_amount="5.00")])
    still = sent_back(as_admin, record, downloaded(as_admin, record))
    rows = [[cell.replace("nowhere", "0001") for cell in row] for row in downloaded(as_admin, still)]
    assert counts(sent_back(as_admin, still, rows)) == {"read": 2, "updated": 2}
    assert totals() == {"R2": Decimal("25.00")}


def test_rows_wait_again_when_their_correction_is_undone(as_admin: Client) -> None:
    record = take([line("R2"), line("R2", license_code="nowhere", dtl_amount="5.00")])
    header, row = downloaded(as_admin, record)
    again = sent_back(as_admin, record, [header, [cell.replace("nowhere", "0001") for cell in row]])
    undo(again)
    assert totals() == {"R2": Decimal("20.00")} and downloaded(as_admin, record) == [header, row]
    last = sent_back(as_admin, record, [header, [cell.replace("nowhere", "0001") for cell in row]])
    assert totals() == {"R2": Decimal("25.00")} and last.fetched == 1
