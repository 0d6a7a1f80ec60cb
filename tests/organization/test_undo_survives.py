"""An undo that is killed, doubled or cancelled: all of it or nothing, once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from organization.imports.runner import LOCK
from organization.imports.undo import KIND
from organization.jobs import LEASE, job_cancel, job_create, job_run, jobs_requeue
from organization.models import AuditEvent, Import, ImportKind, Job, Staff, Store
from sales.models import Receipt
from tests.killing import GATE, held, kill_at_gate, run_in_thread, until, waiting_for
from tests.organization.importing import counts, queue
from tests.organization.undoing import business_rows
from tests.sales.importing import make_products
from tests.sales.test_import_survives import a_file

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def record(store: Store) -> Import:
    """A finished import of 49 receipts of 7 members."""
    make_products()
    record = queue(ImportKind.SALES, a_file())
    job_run(record.job_id)  # type: ignore[arg-type]
    record.refresh_from_db()
    assert counts(record) == {"read": 49, "added": 49}
    return record


def an_undo(record: Import) -> Job:
    return job_create(kind=KIND, label="undo", payload={"import": record.pk}, asked_by=None)


def test_a_killed_undo_leaves_nothing_behind_and_is_done_by_the_next_worker(record: Import) -> None:
    before, job = business_rows(), an_undo(record)
    kill_at_gate("organization_import", "NEW.undone_at IS NOT NULL", job.pk)
    until(lambda: not waiting_for(GATE))
    assert business_rows() == before
    Job.unscoped.filter(pk=job.pk).update(heartbeat_at=timezone.now() - LEASE - timedelta(seconds=1))
    assert jobs_requeue() == [job.pk]
    job_run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("done", 2)
    assert not Receipt.unscoped.exists() and not business_rows()["members"]
    assert AuditEvent.unscoped.filter(code="import.undone").count() == 1


def test_two_undos_at_once_are_one(record: Import) -> None:
    jobs = [an_undo(record), an_undo(record)]
    with held(LOCK):
        threads = [run_in_thread(job.pk) for job in jobs]
        until(lambda: waiting_for(LOCK) == 2)
    for thread in threads:
        thread.join()
    assert set(Job.unscoped.filter(kind=KIND).values_list("status", flat=True)) == {"done"}
    assert AuditEvent.unscoped.filter(code="import.undone").count() == 1
    assert not Receipt.unscoped.exists()


def test_an_import_that_waits_for_an_undo_finds_nothing_of_the_undone_one(record: Import) -> None:
    before = business_rows()
    with held(LOCK):
        undoing = run_in_thread(an_undo(record).pk)
        until(lambda: waiting_for(LOCK) == 1)
        again = queue(ImportKind.SALES, a_file())
        assert again.job is not None
        importing = run_in_thread(again.job_id)
        until(lambda: waiting_for(LOCK) == 2)
    undoing.join()
    importing.join()
    again.refresh_from_db()
    assert counts(again) == {"read": 49, "added": 49}
    assert business_rows() == before


def test_a_cancelled_undo_changes_nothing(record: Import, admin: Staff) -> None:
    before, job = business_rows(), an_undo(record)
    with held(LOCK):
        thread = run_in_thread(job.pk)
        until(lambda: waiting_for(LOCK) == 1)
        assert job_cancel(job, by=admin)
    thread.join()
    job.refresh_from_db()
    assert job.status == "cancelled" and business_rows() == before
    record.refresh_from_db()
    assert not record.undone_at
