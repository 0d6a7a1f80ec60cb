"""Troubles that pass are waited for, longer each time; others fail at once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
import time_machine
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from organization import jobs
from organization.jobs import JobError, Progress, Transient, job_create, job_run, jobs_requeue, wait_before
from organization.models import Job

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)  # Noon in Shanghai.


@pytest.fixture(autouse=True)
def _own_handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(jobs, "_handlers", {})
    monkeypatch.setattr(connection, "close", lambda: None)  # The test's own transaction is on it.
    with time_machine.travel(NOON, tick=False):
        yield


def make_job(*faults: Exception | None) -> Job:
    answers = list(faults)

    def handler(job: Job, progress: Progress) -> None:
        if fault := answers.pop(0):
            raise fault

    jobs.register("test", handler)
    return job_create(kind="test", label="A test", payload={}, asked_by=None)


def now(job: Job) -> Job:
    return Job.unscoped.get(pk=job.pk)


def as_raised(fault: Exception, cause: Exception) -> Exception:
    fault.__cause__ = cause
    return fault


# As from a server that dies in the middle of an answer.
BROKEN_OFF = as_raised(DatabaseError("x"), psycopg2.DatabaseError("server closed the connection"))
PASSING = [Transient(), OperationalError("x"), InterfaceError("x"), BROKEN_OFF]


@pytest.mark.parametrize("fault", PASSING)
def test_it_tries_again_later_and_says_when(fault: Exception) -> None:
    job = make_job(fault, None)
    job_run(job.pk)
    job = now(job)
    assert (job.status, job.lease, job.error) == ("queued", None, "")
    assert job.next_try_at == NOON + wait_before(job.pk, 1)
    assert job.message == f"The database was busy or not to be reached. Next try at {_clock(job)}."


def _clock(job: Job) -> str:
    assert job.next_try_at
    return f"{job.next_try_at + timedelta(hours=8):%H:%M:%S}"


def test_it_says_what_did_not_answer() -> None:
    job = make_job(Transient("The mail server does not answer."))
    job_run(job.pk)
    assert now(job).message.startswith("The mail server does not answer. Next try at 12:00:")


def test_it_is_rung_and_claimed_when_its_time_has_come_and_not_before() -> None:
    job = make_job(Transient(), None)
    job_run(job.pk)
    due = now(job).next_try_at
    assert due
    with time_machine.travel(due - timedelta(seconds=1), tick=False):
        job_run(job.pk)
        assert jobs_requeue() == [] and now(job).attempts == 1
    with time_machine.travel(due, tick=False):
        assert jobs_requeue() == [job.pk]
        job_run(job.pk)
    assert (now(job).status, now(job).attempts, now(job).next_try_at) == ("done", 2, None)


def test_it_gives_up_in_the_end_with_a_sentence() -> None:
    job = make_job(Transient("The till's server does not answer."))
    Job.unscoped.update(attempts=jobs.MAX_ATTEMPTS - 1)
    job_run(job.pk)
    assert (now(job).status, now(job).next_try_at) == ("failed", None)
    assert now(job).error == "The till's server does not answer. This was tried 8 times."


@pytest.mark.parametrize("fault", [JobError("The file is empty."), KeyError("x")])
def test_it_fails_at_once_where_waiting_does_not_help(fault: Exception) -> None:
    job = make_job(fault)
    job_run(job.pk)
    assert (now(job).status, now(job).attempts, now(job).next_try_at) == ("failed", 1, None)


def test_it_waits_longer_each_time_up_to_ten_minutes_and_never_two_jobs_alike() -> None:
    waits = [wait_before(7, attempt).total_seconds() for attempt in range(1, 9)]
    for wait, usual in zip(waits, (20, 40, 80, 160, 320, 600, 600, 600), strict=True):
        assert 0.9 * usual <= wait <= 1.1 * usual
    assert wait_before(7, 1) == wait_before(7, 1) != wait_before(8, 1)
