"""A job is cancelled or committed, never half of each."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import Client

from organization import jobs
from organization.jobs import LeaseLost, Progress, job_create, job_run, jobs_requeue
from organization.models import AuditEvent, ImportKind, Job, Region, Staff
from organization.services import job_cancel, job_run_again
from tests.organization.importing import queue

real = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(jobs, "_handlers", {})
    monkeypatch.setattr(jobs, "FLUSH_SECONDS", 0.02)
    yield


def make_job(handler: jobs.Handler, by: Staff | None = None) -> Job:
    jobs.register("test", handler)
    return job_create(kind="test", label="A test", payload={}, asked_by=by)


def now(job: Job) -> Job:
    return Job.unscoped.get(pk=job.pk)


def test_it_cancels_what_waits(admin: Staff) -> None:
    job = make_job(lambda job, progress: pytest.fail("it must not run"))
    assert job_cancel(job=job, actor=admin)
    job_run(job.pk)
    assert jobs_requeue() == []
    job = now(job)
    assert (job.status, job.cancelled_by, job.can_be_cancelled) == ("cancelled", admin, False)
    assert job.cancelled_at == job.finished_at is not None
    event = AuditEvent.unscoped.get(code="job.cancelled")
    assert (event.actor, event.object_id, event.data) == (admin, job.pk, {"kind": "test", "was": "queued"})


@pytest.mark.parametrize("status", ["done", "failed", "cancelled"])
def test_it_leaves_alone_what_has_ended(admin: Staff, status: str) -> None:
    job = make_job(lambda job, progress: None)
    Job.unscoped.update(status=status)
    assert not job_cancel(job=job, actor=admin) and now(job).status == status
    assert not AuditEvent.unscoped.filter(code="job.cancelled").exists()


@real
def test_it_stops_a_running_job_at_its_next_word(admin: Staff) -> None:
    said: list[str] = []

    def handler(job: Job, progress: Progress) -> None:
        with transaction.atomic():
            Region.objects.create(name="Half of it")
            deadline = time.monotonic() + 10
            try:
                while time.monotonic() < deadline:
                    progress.step(1, 2)
                    if not said:
                        cancel_elsewhere(job, admin)
                        said.append("cancelled")
                    time.sleep(0.01)
            except LeaseLost:
                said.append("stopped")
                raise

    job = make_job(handler)
    job_run(job.pk)
    assert said == ["cancelled", "stopped"]
    assert now(job).status == "cancelled" and not Region.objects.exists()


@real
def test_it_stops_before_the_commit_a_job_that_says_nothing(admin: Staff) -> None:
    def handler(job: Job, progress: Progress) -> None:
        with transaction.atomic():
            Region.objects.create(name="All of it")
            cancel_elsewhere(job, admin)
            progress.confirm()

    job = make_job(handler)
    job_run(job.pk)
    assert now(job).status == "cancelled" and not Region.objects.exists()


@real
def test_it_comes_too_late_for_what_is_being_committed(admin: Staff) -> None:
    """Who cancels waits for the commit, and is then told that the work is done."""
    answers: list[bool] = []

    def handler(job: Job, progress: Progress) -> None:
        with transaction.atomic():
            Region.objects.create(name="All of it")
            progress.confirm()
            thread = threading.Thread(target=lambda: answers.append(cancel(job, admin)))
            thread.start()
            while not waits_for_a_lock():
                time.sleep(0.01)
        thread.join()

    job = make_job(handler)
    job_run(job.pk)
    assert answers == [False]
    assert now(job).status == "done" and Region.objects.count() == 1


@real
def test_it_runs_again_what_was_cancelled(admin: Staff) -> None:
    job = make_job(lambda job, progress: None)
    job_cancel(job=job, actor=admin)
    assert job_run_again(job=job, actor=admin)
    job_run(job.pk)
    job = now(job)
    assert (job.status, job.cancelled_at, job.cancelled_by) == ("done", None, None)


def cancel(job: Job, by: Staff) -> bool:
    try:
        return job_cancel(job=job, actor=by)
    finally:
        connection.close()


def cancel_elsewhere(job: Job, by: Staff) -> None:
    thread = threading.Thread(target=cancel, args=[job, by])
    thread.start()
    thread.join()


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


def test_it_is_offered_to_who_asked_and_to_admins(
    client: Client, marketer: Staff, manager: Staff, admin: Staff
) -> None:
    job = make_job(lambda job, progress: None, by=marketer)
    client.force_login(manager)
    assert client.post(f"/jobs/{job.pk}/cancel/").status_code == 404
    client.force_login(admin)
    assert "Cancel this job?" in client.get(f"/jobs/{job.pk}/").content.decode()
    client.force_login(marketer)
    assert client.get(f"/jobs/{job.pk}/cancel/").status_code == 405
    assert client.post(f"/jobs/{job.pk}/cancel/")["Location"] == f"/jobs/{job.pk}/"
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "Cancelled by marketer at" in page and "Try again" in page and "Cancel this job?" not in page
    client.post(f"/jobs/{job.pk}/cancel/")
    assert "nothing to cancel" in client.get(f"/jobs/{job.pk}/").content.decode()


def test_it_is_offered_on_the_page_of_an_import(client: Client, admin: Staff) -> None:
    record = queue(ImportKind.STORES, "code,name\n1,x\n", by=admin)
    client.force_login(admin)
    assert "Cancel this job?" in client.get(f"/imports/{record.pk}/").content.decode()
    answer = client.post(f"/jobs/{record.job_id}/cancel/")
    assert answer["Location"] == f"/imports/{record.pk}/"
    page = client.get(f"/imports/{record.pk}/").content.decode()
    assert "Why did it end?" in page and "Try again" in page
