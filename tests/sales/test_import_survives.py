"""Two at once, killed in the middle: nothing doubled, nothing lost."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from members.models import Member, MemberIdentity
from organization.imports.runner import LOCK
from organization.jobs import LEASE, job_run, jobs_requeue
from organization.models import Import, ImportKind, Job, Store
from sales.models import Receipt, ReceiptHistory, ReceiptLine
from tests.organization.importing import counts, queue
from tests.sales.importing import everything_stored, line, make_products

pytestmark = pytest.mark.django_db(transaction=True)

GATE = 4_712
WORKER = """
import sys, django
django.setup()
from organization.jobs import job_run
job_run(int(sys.argv[1]))"""


@pytest.fixture(autouse=True)
def _company(store: Store) -> None:
    make_products()


def a_file() -> list[dict[str, object]]:
    return [line(f"R{n}", mobilephone=f"1990000{n % 7:04}", dtl_amount=f"{n}.00") for n in range(1, 50)]


@contextmanager
def held(lock: int) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [lock])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])


def waiting_for(lock: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [lock],
        )
        return int(cursor.fetchone()[0])


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def run_in_thread(what: Import | Job) -> threading.Thread:
    job = what.pk if isinstance(what, Job) else what.job_id

    def work() -> None:
        job_run(job)  # type: ignore[arg-type]
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@contextmanager
def gate_at_the_end_of_an_import() -> Iterator[None]:
    """An import that has written everything waits here, before its transaction is committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_advisory_xact_lock({GATE}); RETURN NEW; END $$;
                CREATE TRIGGER gate BEFORE UPDATE ON organization_import FOR EACH ROW
                WHEN (NEW.finished_at IS NOT NULL) EXECUTE FUNCTION wait_at_gate()"""
        )
        try:
            with held(GATE):
                yield
        finally:
            cursor.execute("DROP FUNCTION wait_at_gate() CASCADE")


def kill_a_worker_inside(job: Job) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HUIYAN_DB": str(connection.settings_dict["NAME"]),
    }
    with gate_at_the_end_of_an_import():
        worker = subprocess.Popen([sys.executable, "-c", WORKER, str(job.pk)], env=environment)
        until(lambda: worker.poll() is not None or waiting_for(GATE) > 0)
        assert worker.poll() is None
        worker.kill()
        worker.wait()


def test_it_doubles_nothing_when_two_take_the_same_file_at_once() -> None:
    records = [queue(ImportKind.SALES, a_file()) for _ in range(2)]
    with held(LOCK):
        threads = [run_in_thread(record) for record in records]
        until(lambda: waiting_for(LOCK) == 2)
    for thread in threads:
        thread.join()
    done = [counts(Import.unscoped.get(pk=record.pk)) for record in records]
    assert sorted(done, key=str) == [{"read": 49, "added": 49}, {"read": 49, "unchanged": 49}]
    assert (Receipt.unscoped.count(), ReceiptLine.unscoped.count(), Member.unscoped.count()) == (49, 49, 7)
    assert not ReceiptHistory.unscoped.exists()


def test_it_runs_a_job_once_though_two_workers_hear_of_it() -> None:
    record = queue(ImportKind.SALES, a_file())
    for thread in [run_in_thread(record) for _ in range(3)]:
        thread.join()
    job = Job.unscoped.get()
    assert (job.status, job.attempts) == ("done", 1)
    assert Receipt.unscoped.count() == 49


def test_it_ends_alike_when_a_worker_is_killed_in_the_middle() -> None:
    record = queue(ImportKind.SALES, a_file())
    job = record.job
    assert job is not None
    kill_a_worker_inside(job)
    job.refresh_from_db()
    assert job.status == "running"
    # The server notices the dead client, and nothing of what it wrote is there.
    until(lambda: not waiting_for(GATE))
    assert not Receipt.unscoped.exists() and not MemberIdentity.unscoped.exists()
    assert jobs_requeue() == []
    Job.unscoped.update(heartbeat_at=timezone.now() - LEASE - timedelta(seconds=1))
    assert jobs_requeue() == [job.pk]
    job_run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("done", 2)
    record.refresh_from_db()
    assert counts(record) == {"read": 49, "added": 49}
    interrupted = everything_stored()
    Receipt.unscoped.all().delete()
    ReceiptLine.unscoped.all().delete()
    Member.unscoped.all().delete()
    job_run(queue(ImportKind.SALES, a_file()).job_id)  # type: ignore[arg-type]
    assert everything_stored() == interrupted
