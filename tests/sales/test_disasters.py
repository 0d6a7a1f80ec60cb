"""Real processes, really struck: two at once, killed, PostgreSQL gone, a disk that is full.

Whatever happens, each file is in the tables once or not at all, and can be run again.
"""

import random
import subprocess
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from organization.jobs import LEASE, job_retry, job_run, jobs_requeue
from organization.models import Import, ImportKind, Job, Store
from sales.models import Receipt, ReceiptHistory, ReceiptLine
from tests.killing import JOB_RUN, another_process, until
from tests.organization.importing import counts, queue
from tests.sales.importing import line, make_products

pytestmark = pytest.mark.django_db(transaction=True)

LINES = 6_000
# The limit holds for every file that the process writes, as a disk does that has so much room left.
IN_LITTLE_ROOM = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
"""


@pytest.fixture(autouse=True)
def _company(store: Store) -> None:
    make_products()


def a_file() -> list[dict[str, object]]:
    return [
        line(f"R{n // 2:05}", line_no=n % 2 + 1, mobilephone=f"1990000{n // 2 % 900:04}", dtl_amount="7.00")
        for n in range(LINES)
    ]


def queued(name: str = "a.csv") -> Job:
    job = queue(ImportKind.SALES, a_file(), name=name).job
    assert job is not None
    return job


def worker(job: Job, before: str = "") -> "subprocess.Popen[bytes]":
    return another_process(before + JOB_RUN, job.pk)


def other_backends() -> list[int]:
    """Connections to the test's database that are not the test's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT pid FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                  AND backend_type = 'client backend'"""
        )
        return [pid for (pid,) in cursor.fetchall()]


def lease_ends(job: Job) -> None:
    Job.unscoped.filter(pk=job.pk).update(heartbeat_at=timezone.now() - LEASE - timedelta(seconds=1))


def assert_nothing_is_there() -> None:
    assert not Receipt.unscoped.exists() and not ReceiptLine.unscoped.exists()


def assert_all_is_there_once(job: Job) -> None:
    job.refresh_from_db()
    assert job.status == "done"
    record = Import.unscoped.get(job=job)
    assert counts(record) == {"read": LINES, "added": LINES}
    assert record.amount_read == record.amount_stored == LINES * 7
    assert Receipt.unscoped.values("store", "number").distinct().count() == LINES // 2
    assert (Receipt.unscoped.count(), ReceiptLine.unscoped.count()) == (LINES // 2, LINES)
    assert not ReceiptHistory.unscoped.exists()


def test_two_processes_take_the_same_file_at_once() -> None:
    jobs = [queued("a.csv"), queued("b.csv")]
    processes = [worker(job) for job in jobs]
    assert [process.wait(60) for process in processes] == [0, 0]
    done = sorted((counts(Import.unscoped.get(job=job)) for job in jobs), key=str)
    assert done == [{"read": LINES, "added": LINES}, {"read": LINES, "unchanged": LINES}]
    assert (Receipt.unscoped.count(), ReceiptLine.unscoped.count()) == (LINES // 2, LINES)


def test_a_process_is_killed_at_random_moments() -> None:
    job, draw = queued(), random.Random(4)
    for _attempt in range(3):
        process = worker(job)
        until(lambda process=process: is_running(job) or process.poll() is not None)  # type: ignore[misc]
        time.sleep(draw.uniform(0, 0.5))
        process.kill()
        process.wait()
        until(lambda: not other_backends())
        job.refresh_from_db()
        if job.status == "done" or Receipt.unscoped.exists():
            break  # It was committed before the kill.
        assert_nothing_is_there()
        lease_ends(job)
        assert jobs_requeue() == [job.pk]
    lease_ends(job)
    job_run(job.pk)
    assert_all_is_there_once(job)


def is_running(job: Job) -> bool:
    return Job.unscoped.filter(pk=job.pk, status="running").exists()


def test_the_server_ends_all_connections_of_an_import() -> None:
    """What a fast stop of PostgreSQL does to it: every connection is gone in the middle."""
    job = queued()
    with connection.cursor() as cursor:
        # The import gets as far as its first row and waits; the lock goes with this transaction.
        cursor.execute("BEGIN; LOCK TABLE sales_receipt IN SHARE MODE")
        process = worker(job)
        until(lambda: waits_for_lock() or process.poll() is not None)
        for pid in other_backends():
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        cursor.execute("ROLLBACK")
    assert process.wait(60) == 0
    job.refresh_from_db()
    assert (job.status, job.message.split(".")[0]) == ("queued", "The database was busy or not to be reached")
    assert_nothing_is_there()
    Job.unscoped.update(next_try_at=timezone.now())
    job_run(job.pk)
    assert_all_is_there_once(job)


def waits_for_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'sales_receipt'::regclass"
        )
        return bool(cursor.fetchone()[0])


def test_the_disk_is_full_where_rows_are_spilled() -> None:
    """`RLIMIT_FSIZE` refuses what a file would hold beyond 200 kB; the file spilled has over a megabyte."""
    job = queued()
    assert worker(job, IN_LITTLE_ROOM).wait(60) == 0
    job.refresh_from_db()
    assert job.status == "failed"
    assert job.error.startswith("There is no room left on the disk; nothing was changed.")
    assert_nothing_is_there()
    assert job_retry(job)
    job_run(job.pk)
    assert_all_is_there_once(job)
