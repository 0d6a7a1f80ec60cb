"""Leases, take-over, retries and failures of jobs."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError
from django.utils import timezone
from django.utils.translation import gettext, override

from organization import jobs
from organization.jobs import JobError, LeaseLost, Progress, job_create, job_run, jobs_requeue
from organization.models import AuditEvent, Job, Staff
from organization.services import job_run_again

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(jobs, "_handlers", {})
    yield


def make_job(handler: jobs.Handler) -> Job:
    jobs.register("test", handler)
    return job_create(kind="test", label="A test", payload={}, asked_by=None)


def now(job: Job) -> Job:
    return Job.unscoped.get(pk=job.pk)


def let_the_lease_run_out(job: Job) -> None:
    Job.unscoped.filter(pk=job.pk).update(heartbeat_at=timezone.now() - jobs.LEASE - timedelta(seconds=1))


def test_it_runs_a_job_once_and_keeps_what_it_said() -> None:
    runs = []

    def handler(job: Job, progress: Progress) -> None:
        runs.append(job.attempts)
        progress.step(3, 4)
        progress.say("Half way")

    job = make_job(handler)
    job_run(job.pk)
    job_run(job.pk)
    job = now(job)
    assert runs == [1]
    assert (job.status, job.message, job.done_parts, job.progress_percent) == ("done", "Half way", 3, 100)
    assert job.log_lines[0].endswith("Half way") and job.finished_at


def test_it_fails_with_the_sentence_of_the_refusal() -> None:
    def handler(job: Job, progress: Progress) -> None:
        raise JobError("The file is empty.")

    job = make_job(handler)
    job_run(job.pk)
    assert (now(job).status, now(job).error) == ("failed", "The file is empty.")


@pytest.mark.parametrize("fault", [KeyError("19900001234"), IntegrityError("19900001234")])
def test_it_fails_without_a_value_when_the_program_is_wrong(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(job: Job, progress: Progress) -> None:
        raise fault

    job = make_job(handler)
    job_run(job.pk)
    job = now(job)
    assert job.status == "failed" and "nothing was changed" in job.error
    assert "test_jobs.py" in job.log and type(fault).__name__ in caplog.text
    assert "19900001234" not in job.log + job.error + caplog.text


def test_it_speaks_the_language_of_the_page_it_was_asked_on() -> None:
    def handler(job: Job, progress: Progress) -> None:
        raise JobError(gettext("The file is empty."))

    with override("zh-hans"):
        job = make_job(handler)
        expected = gettext("The file is empty.")
    job_run(job.pk)
    assert now(job).error == expected != "The file is empty."


def test_it_leaves_a_held_job_alone_until_its_lease_is_over() -> None:
    runs = []
    job = make_job(lambda job, progress: runs.append(job.pk))
    Job.unscoped.update(status="running", heartbeat_at=timezone.now())
    job_run(job.pk)
    assert runs == [] and jobs_requeue() == []
    let_the_lease_run_out(job)
    assert jobs_requeue() == [job.pk]
    job_run(job.pk)
    assert runs == [job.pk]


def test_it_rings_again_for_a_job_whose_message_was_lost() -> None:
    job = make_job(lambda job, progress: None)
    assert jobs_requeue() == []
    Job.unscoped.update(created_at=timezone.now() - jobs.LEASE - timedelta(seconds=1))
    assert jobs_requeue() == [job.pk]


def test_it_stops_the_slow_holder_before_its_commit() -> None:
    def slow(job: Job, progress: Progress) -> None:
        let_the_lease_run_out(job)
        jobs.register("test", lambda job, progress: None)
        job_run(job.pk)  # Another worker takes over and finishes.
        progress.confirm()
        raise AssertionError("the slow holder must not come here")

    job = make_job(slow)
    job_run(job.pk)
    assert (now(job).status, now(job).attempts, now(job).error) == ("done", 2, "")


def test_it_commits_nothing_of_a_job_that_was_given_up() -> None:
    """Too slow eight times, and still at work: what a page calls failed must not be written after all."""

    def slow(job: Job, progress: Progress) -> None:
        Job.unscoped.filter(pk=job.pk).update(attempts=jobs.MAX_ATTEMPTS)
        let_the_lease_run_out(job)
        assert jobs_requeue() == []
        progress.confirm()
        raise AssertionError("the slow holder must not come here")

    job = make_job(slow)
    job_run(job.pk)
    assert (now(job).status, now(job).is_settled) == ("failed", False)


@pytest.mark.parametrize("fault", [InterfaceError, OperationalError])
@pytest.mark.django_db(transaction=True)
def test_it_keeps_its_lease_when_a_connection_breaks(
    monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    """A restarted database ends connections; a heartbeat that ended with them would lose the job."""
    monkeypatch.setattr(jobs, "FLUSH_SECONDS", 0.02)
    flush, faults = Progress.flush, [fault("connection already closed")]

    def flush_once_broken(progress: Progress) -> None:
        if faults:
            raise faults.pop()
        flush(progress)

    monkeypatch.setattr(Progress, "flush", flush_once_broken)
    renewed = []

    def handler(job: Job, progress: Progress) -> None:
        before, deadline = now(job).heartbeat_at, time.monotonic() + 3
        while now(job).heartbeat_at == before and time.monotonic() < deadline:
            time.sleep(0.01)
        renewed.append(now(job).heartbeat_at != before)

    job_run(make_job(handler).pk)
    assert renewed == [True]


@pytest.mark.django_db(transaction=True)
def test_it_stops_the_slow_holder_at_its_next_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "FLUSH_SECONDS", 0.02)
    stopped = []

    def slow(job: Job, progress: Progress) -> None:
        Job.unscoped.filter(pk=job.pk).update(lease="00000000-0000-0000-0000-000000000000")
        deadline = time.monotonic() + 10
        try:
            while time.monotonic() < deadline:
                progress.step(1, 2)
                time.sleep(0.01)
        except LeaseLost:
            stopped.append(job.pk)
            raise

    job = make_job(slow)
    job_run(job.pk)
    assert stopped == [job.pk] and now(job).status == "running"


@pytest.mark.django_db(transaction=True)
def test_it_shows_progress_while_the_work_is_not_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "FLUSH_SECONDS", 0.02)
    seen = []

    def handler(job: Job, progress: Progress) -> None:
        progress.step(2, 4)
        before = now(job).heartbeat_at
        deadline = time.monotonic() + 10
        while now(job).heartbeat_at == before and time.monotonic() < deadline:
            time.sleep(0.01)
        seen.append(now(job).progress_percent)

    job_run(make_job(handler).pk)
    assert seen == [50]


def test_it_gives_up_after_many_lost_workers() -> None:
    job = make_job(lambda job, progress: None)
    Job.unscoped.update(status="running", attempts=jobs.MAX_ATTEMPTS)
    let_the_lease_run_out(job)
    assert jobs_requeue() == []
    assert (now(job).status, now(job).error) == ("failed", "The worker was lost 8 times while doing this.")


def test_it_retries_only_what_failed_and_notes_who_asked(admin: Staff) -> None:
    job = make_job(lambda job, progress: None)
    assert not job_run_again(job=job, actor=admin)
    Job.unscoped.update(status="failed", error="x", attempts=5)
    assert job_run_again(job=job, actor=admin)
    assert (now(job).status, now(job).error, now(job).attempts) == ("queued", "", 0)
    assert AuditEvent.unscoped.filter(code="job.retried", object_id=job.pk, actor=admin).count() == 1


def test_it_queues_though_the_broker_is_down() -> None:
    class Down:
        def apply_async(self, args: object, retry: bool) -> None:
            from kombu.exceptions import OperationalError

            raise OperationalError

    jobs.ring(Down(), 1)
