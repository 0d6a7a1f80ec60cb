"""An undo that is killed, doubled or cancelled: all of it or nothing, once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from organization.imports.runner import LOCK
from organization.imports.undo import KIND
from organization.jobs import LEASE, job_cancel, job_create, job_run, jobs_requeue
from organization.models import AuditEvent, Import, ImportKind, Job, Staff, Store
from sales.models import Receipt
from tests.organization.importing import counts, queue
from tests.organization.undoing import business_rows
from tests.sales.importing import make_products
from tests.sales.test_import_survives import GATE, WORKER, a_file, held, run_in_thread, until, waiting_for

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


@contextmanager
def gate_at_the_end_of_an_undo() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_advisory_xact_lock({GATE}); RETURN NEW; END $$;
                CREATE TRIGGER gate BEFORE UPDATE ON organization_import FOR EACH ROW
                WHEN (NEW.undone_at IS NOT NULL) EXECUTE FUNCTION wait_at_gate()"""
        )
        try:
            with held(GATE):
                yield
        finally:
            cursor.execute("DROP FUNCTION wait_at_gate() CASCADE")


def kill_a_worker_inside(job: Job) -> None:
    name = str(connection.settings_dict["NAME"])
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "HUIYAN_DB": name}
    with gate_at_the_end_of_an_undo():
        worker = subprocess.Popen([sys.executable, "-c", WORKER, str(job.pk)], env=environment)
        until(lambda: worker.poll() is not None or waiting_for(GATE) > 0)
        assert worker.poll() is None
        worker.kill()
        worker.wait()


def test_a_killed_undo_leaves_nothing_behind_and_is_done_by_the_next_worker(record: Import) -> None:
    before, job = business_rows(), an_undo(record)
    kill_a_worker_inside(job)
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
        threads = [run_in_thread(job) for job in jobs]
        until(lambda: waiting_for(LOCK) == 2)
    for thread in threads:
        thread.join()
    assert set(Job.unscoped.filter(kind=KIND).values_list("status", flat=True)) == {"done"}
    assert AuditEvent.unscoped.filter(code="import.undone").count() == 1
    assert not Receipt.unscoped.exists()


def test_an_import_that_waits_for_an_undo_finds_nothing_of_the_undone_one(record: Import) -> None:
    before = business_rows()
    with held(LOCK):
        undoing = run_in_thread(an_undo(record))
        until(lambda: waiting_for(LOCK) == 1)
        again = queue(ImportKind.SALES, a_file())
        assert again.job is not None
        importing = run_in_thread(again.job)
        until(lambda: waiting_for(LOCK) == 2)
    undoing.join()
    importing.join()
    again.refresh_from_db()
    assert counts(again) == {"read": 49, "added": 49}
    assert business_rows() == before


def test_a_cancelled_undo_changes_nothing(record: Import, admin: Staff) -> None:
    before, job = business_rows(), an_undo(record)
    with held(LOCK):
        thread = run_in_thread(job)
        until(lambda: waiting_for(LOCK) == 1)
        assert job_cancel(job, by=admin)
    thread.join()
    job.refresh_from_db()
    assert job.status == "cancelled" and business_rows() == before
    record.refresh_from_db()
    assert not record.undone_at
