"""Uploads and rows set aside are kept for thirty days; what came of them stays."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from organization.imports.runner import import_run
from organization.jobs import JobError, Progress, job_run
from organization.models import AuditEvent, Import, ImportKind, Job, QuarantinedRow, Staff, Store
from organization.services.retention import kept_until, uploads_forget
from organization.tasks import forget_uploads
from tests.organization.importing import queue, take_in

GOOD = "license_code,mobile,sex\n0001,13900000001,1\n"
BAD = GOOD + "0001,13900000002,9\n"
NOTHING = {"rows": 0, "imports": 0, "failed": 0, "files": 0, "orphans": 0, "before": 0}


def ended(record: Import, *, days: int) -> Import:
    then = timezone.now() - timedelta(days=days)
    Job.unscoped.filter(pk=record.job_id or 0).update(finished_at=then)
    if record.finished_at:
        Import.unscoped.filter(pk=record.pk).update(finished_at=then)
    record.refresh_from_db()
    return record


def failed() -> Import:
    record = queue(ImportKind.MEMBERS, "nothing,known\n1,2\n")
    assert record.job_id is not None
    job_run(record.job_id)
    return record


def test_it_forgets_file_and_rows_set_aside_after_thirty_days(store: Store) -> None:
    old = ended(take_in(ImportKind.MEMBERS, BAD), days=31)
    young = ended(take_in(ImportKind.MEMBERS, BAD.replace("139", "138")), days=29)
    assert uploads_forget() == NOTHING | {"rows": 1, "imports": 1, "files": 1, "before": 1}
    old.refresh_from_db()
    assert old.forgotten_at is not None
    assert (old.added, old.quarantined) == (1, 1)
    assert not Path(old.path).exists()
    assert Path(young.path).exists()
    assert QuarantinedRow.unscoped.get().source_import == young
    event = AuditEvent.unscoped.get(code="import.uploads_forgotten")
    assert event.data == NOTHING | {"rows": 1, "imports": 1, "files": 1, "before": 1}


def test_it_is_safe_to_run_twice(store: Store) -> None:
    ended(take_in(ImportKind.MEMBERS, BAD), days=31)
    forget_uploads()
    assert uploads_forget() == NOTHING
    assert AuditEvent.unscoped.filter(code="import.uploads_forgotten").count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_forgets_imports_that_came_to_nothing(store: Store) -> None:
    old, young = ended(failed(), days=31), ended(failed(), days=1)
    assert uploads_forget() == NOTHING | {"failed": 1, "files": 1}
    assert list(Import.unscoped.all()) == [young]
    assert list(Job.unscoped.all()) == [young.job]
    assert not Path(old.path).exists()


def test_it_keeps_the_time_that_is_set(store: Store, settings: Settings) -> None:
    settings.RETENTION_DAYS = 7
    record = ended(take_in(ImportKind.MEMBERS, BAD), days=8)
    assert record.finished_at is not None
    assert kept_until(record) == record.finished_at + timedelta(days=7)
    assert uploads_forget()["imports"] == 1


def test_it_removes_files_that_belong_to_no_import(db: None, settings: Settings) -> None:
    folder = Path(settings.MEDIA_ROOT)
    folder.mkdir()
    for name in ("a.upload", "b.part", "young.part", "else.txt"):
        (folder / name).touch()
    for name in ("a.upload", "b.part", "else.txt"):
        os.utime(folder / name, (time.time() - 90_000,) * 2)
    assert uploads_forget() == NOTHING | {"orphans": 2}
    assert sorted(path.name for path in folder.iterdir()) == ["else.txt", "young.part"]


def test_it_says_on_the_page_how_long_and_what_was_deleted(
    client: Client, admin: Staff, store: Store
) -> None:
    record = take_in(ImportKind.MEMBERS, BAD)
    client.force_login(admin)
    url = f"/imports/{record.pk}/"
    assert "are kept until" in client.get(url).content.decode()
    ended(record, days=31)
    uploads_forget()
    page = client.get(url).content.decode()
    assert "The file and 1 row set aside were deleted on" in page
    assert "These rows are deleted" in page
    assert "These rows are deleted" in client.get(f"{url}rows/").content.decode()


def test_it_says_that_a_forgotten_file_cannot_be_tried_again(store: Store) -> None:
    record = take_in(ImportKind.MEMBERS, BAD)
    Import.unscoped.filter(pk=record.pk).update(finished_at=None)
    Path(record.path).unlink()
    assert record.job is not None
    with pytest.raises(JobError, match="no longer there"):
        import_run(record.job, Progress(record.job))
