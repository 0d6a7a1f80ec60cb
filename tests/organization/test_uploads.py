"""An upload through the page: sealed while it streams in, and gone where nobody keeps it."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from organization.models import AuditEvent, Import, Staff
from organization.numbers import without_numbers, without_numbers_within
from organization.sealing import SealedFile

PLAIN = b"card_no,mobile\nC1,19987654321\n" * 100_000


@pytest.fixture
def files(settings: Settings) -> Path:
    return Path(settings.MEDIA_ROOT)


def send(client: Client, by: Staff, **changes: Any) -> Any:
    client.force_login(by)
    upload = SimpleUploadedFile("members.csv", PLAIN, content_type="text/csv")
    return client.post("/imports/", {"kind": "members", "source": "POS", "uploads": upload, **changes})


def test_it_seals_an_upload_while_it_streams_in(
    client: Client, admin: Staff, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nothing may be written here"))
    assert send(client, admin).status_code == 302
    (stored,) = files.iterdir()
    record = Import.unscoped.get()
    assert Path(record.path) == stored
    assert b"19987654321" not in stored.read_bytes()
    assert SealedFile(stored).open().read() == PLAIN


def test_it_keeps_nothing_of_a_form_that_fails(client: Client, admin: Staff, files: Path) -> None:
    assert send(client, admin, kind="nonsense").status_code == 422
    assert list(files.iterdir()) == []


def test_it_keeps_nothing_that_a_stranger_sends(client: Client, marketer: Staff, files: Path) -> None:
    assert send(client, marketer).status_code == 403
    assert not files.exists() or list(files.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("19987654321.csv", "•••.csv"),
        ("card 6221234567 of may.csv", "card ••• of may.csv"),
        ("sales_20260305.csv", "sales_20260305.csv"),
        ("sales-20260305093000.csv", "sales-20260305093000.csv"),
        ("20261399.csv", "•••.csv"),
        ("store 123456.csv", "store 123456.csv"),
    ],
)
def test_it_masks_numbers_in_file_names_but_not_days(name: str, kept: str) -> None:
    assert without_numbers(name) == kept


def test_it_masks_numbers_in_what_is_said_of_a_reading() -> None:
    said = {"member": "19987654321.csv", "columns": [{"title": "13900000001"}], "size": 1}
    masked = {"member": "•••.csv", "columns": [{"title": "•••"}], "size": 1}
    assert without_numbers_within(said) == masked


def test_it_masks_the_name_wherever_it_is_kept(client: Client, admin: Staff) -> None:
    upload = SimpleUploadedFile("19987654321.csv", PLAIN)
    send(client, admin, uploads=upload)
    record = Import.unscoped.get()
    assert record.job is not None
    event = AuditEvent.unscoped.get(code="import.queued")
    assert (record.file_name, event.data["file"]) == ("•••.csv", "•••.csv")
    assert "19987654321" not in record.job.label
