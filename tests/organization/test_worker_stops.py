"""A real worker that is told to stop lets its job go."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from organization.jobs import job_run
from organization.models import ImportKind, Job, ScheduledTask, WorkerBeat
from organization.workers import jobs_hand_back
from sales.models import Receipt
from tests.killing import GATE, gate, until, waiting_for
from tests.organization.importing import queue
from tests.sales.importing import line, make_products
from tests.sales.test_import_survives import END_OF_AN_IMPORT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def real_worker() -> Iterator[Any]:
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    environment = {
        **os.environ,
        "HUIYAN_DB": str(connection.settings_dict["NAME"]),
        "WORKER_GRACE_SECONDS": "0",
        "PYTHONWARNINGS": "ignore",
    }
    command = [
        sys.executable,
        "-m",
        "celery",
        "--quiet",
        "-A",
        "config",
        "worker",
        "--concurrency",
        "1",
        "--without-mingle",
        "--without-gossip",
    ]
    worker = subprocess.Popen(
        [*command, "--loglevel", "ERROR"], cwd=settings.BASE_DIR, env=environment, start_new_session=True
    )
    yield worker
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def now(job: Job) -> Job:
    return Job.unscoped.get(pk=job.pk)


def test_it_hands_back_the_job_it_is_in(real_worker: Any, store: object) -> None:
    make_products()
    with gate(*END_OF_AN_IMPORT):
        job = queue(ImportKind.SALES, [line("R1"), line("R2")]).job
        assert job
        until(lambda: waiting_for(GATE) > 0)
        # It has said that it lives, and under which name it holds the job.
        until(lambda: WorkerBeat.unscoped.filter(name=now(job).worker).exists())
        assert ScheduledTask.unscoped.filter(name="tick").exists()
        real_worker.terminate()
        until(lambda: now(job).status == Job.Status.QUEUED)
        held = now(job)
        assert (held.lease, held.attempts) == (None, 0)
    # The gate is open, and still the old worker may not commit.
    assert real_worker.wait(timeout=30) == 0
    assert not Receipt.unscoped.exists() and not WorkerBeat.unscoped.exists()
    job_run(job.pk)
    assert (now(job).status, Receipt.unscoped.count()) == ("done", 2)


def test_it_hands_back_nothing_of_others() -> None:
    for worker, status in (("a", "running"), ("b", "running"), ("a", "done")):
        Job.unscoped.create(kind="x", label=worker, worker=worker, status=status, attempts=1)
    handed = jobs_hand_back("a")
    assert list(Job.unscoped.filter(status="queued").values_list("pk", flat=True)) == handed
    assert len(handed) == 1
