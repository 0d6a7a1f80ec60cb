"""A worker killed inside every stage of a night leaves nothing behind that the next one trips over."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from members.models import Member
from organization.jobs import job_run, jobs_requeue
from organization.models import Job
from segmentation.models import MemberScore, NightlyStage, StageName
from segmentation.services import night_start
from tests.segmentation.builders import NIGHT, days_before, make_night, morning_after, published_rows

pytestmark = pytest.mark.django_db(transaction=True)

GATE = 4_711
WORKER = """
import sys, django
django.setup()
from organization.jobs import job_run
job_run(int(sys.argv[1]))"""


@contextmanager
def gate_before_the_end_of(stage: StageName) -> Iterator[None]:
    """A stage that has written everything waits here, before its transaction is committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [GATE])
        cursor.execute(
            f"""CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_advisory_xact_lock({GATE}); RETURN NEW; END $$;
                CREATE TRIGGER gate BEFORE UPDATE ON segmentation_nightlystage FOR EACH ROW
                WHEN (NEW.name = '{stage.value}') EXECUTE FUNCTION wait_at_gate()"""
        )
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [GATE])
            cursor.execute("DROP FUNCTION wait_at_gate() CASCADE")


def somebody_waits_at_the_gate() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [GATE],
        )
        return bool(cursor.fetchone()[0])


def kill_a_worker_inside(stage: StageName, job: Job) -> None:
    name = str(connection.settings_dict["NAME"])
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "HUIYAN_DB": name}
    with gate_before_the_end_of(stage):
        worker = subprocess.Popen([sys.executable, "-c", WORKER, str(job.pk)], env=environment)
        until = time.monotonic() + 60
        while not somebody_waits_at_the_gate():
            assert worker.poll() is None and time.monotonic() < until
            time.sleep(0.05)
        worker.kill()
        worker.wait()


def let_the_lease_run_out(job: Job) -> None:
    Job.unscoped.filter(pk=job.pk).update(heartbeat_at="2025-01-01T00:00Z")


def test_it_survives_a_kill_inside_every_stage(crowd: list[Member]) -> None:
    make_night(days_before(1))
    shown = list(MemberScore.unscoped.order_by("pk").values())
    with morning_after(NIGHT):
        job = night_start(as_of=NIGHT, asked_by=None)
    for stage in StageName:
        Job.unscoped.filter(pk=job.pk).update(attempts=0)
        kill_a_worker_inside(stage, job)
        assert NightlyStage.objects.get(run__as_of=NIGHT, name=stage).status == "started"
        let_the_lease_run_out(job)
        assert jobs_requeue() == [job.pk]
    assert list(MemberScore.unscoped.order_by("pk").values()) == shown
    with morning_after(NIGHT):
        job_run(job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.DONE
    killed = published_rows()
    make_night()
    assert published_rows() == killed
