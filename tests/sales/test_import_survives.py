"""Two at once, killed in the middle: nothing doubled, nothing lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from members.models import Member, MemberIdentity
from organization.imports.runner import LOCK
from organization.jobs import LEASE, job_run, jobs_requeue
from organization.models import Import, ImportKind, Job, Store
from sales.models import Receipt, ReceiptHistory, ReceiptLine
from tests.killing import GATE, held, kill_at_gate, run_in_thread, until, waiting_for
from tests.organization.importing import counts, queue
from tests.sales.importing import everything_stored, line, make_products

pytestmark = pytest.mark.django_db(transaction=True)

# An import that has written everything, before its transaction is committed.
END_OF_AN_IMPORT = ("organization_import", "NEW.finished_at IS NOT NULL")


@pytest.fixture(autouse=True)
def _company(store: Store) -> None:
    make_products()


def a_file() -> list[dict[str, object]]:
    return [line(f"R{n}", mobilephone=f"1990000{n % 7:04}", dtl_amount=f"{n}.00") for n in range(1, 50)]


def test_it_doubles_nothing_when_two_take_the_same_file_at_once() -> None:
    records = [queue(ImportKind.SALES, a_file()) for _ in range(2)]
    with held(LOCK):
        threads = [run_in_thread(record.job_id) for record in records]
        until(lambda: waiting_for(LOCK) == 2)
    for thread in threads:
        thread.join()
    done = [counts(Import.unscoped.get(pk=record.pk)) for record in records]
    assert sorted(done, key=str) == [{"read": 49, "added": 49}, {"read": 49, "unchanged": 49}]
    assert (Receipt.unscoped.count(), ReceiptLine.unscoped.count(), Member.unscoped.count()) == (49, 49, 7)
    assert not ReceiptHistory.unscoped.exists()


def test_it_runs_a_job_once_though_two_workers_hear_of_it() -> None:
    record = queue(ImportKind.SALES, a_file())
    for thread in [run_in_thread(record.job_id) for _ in range(3)]:
        thread.join()
    job = Job.unscoped.get()
    assert (job.status, job.attempts) == ("done", 1)
    assert Receipt.unscoped.count() == 49


def test_it_ends_alike_when_a_worker_is_killed_in_the_middle() -> None:
    record = queue(ImportKind.SALES, a_file())
    job = record.job
    assert job is not None
    kill_at_gate(*END_OF_AN_IMPORT, job.pk)
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
