"""A worker killed inside every stage of a night leaves nothing behind that the next one trips over."""

import pytest

from members.models import Member
from organization.jobs import job_run, jobs_requeue
from organization.models import Job
from segmentation.models import MemberScore, NightlyStage, StageName
from segmentation.services import night_start
from tests.killing import kill_at_gate
from tests.segmentation.builders import NIGHT, days_before, make_night, morning_after, published_rows

pytestmark = pytest.mark.django_db(transaction=True)


def let_the_lease_run_out(job: Job) -> None:
    Job.unscoped.filter(pk=job.pk).update(heartbeat_at="2025-01-01T00:00Z")


def test_it_survives_a_kill_inside_every_stage(crowd: list[Member]) -> None:
    make_night(days_before(1))
    shown = list(MemberScore.unscoped.order_by("pk").values())
    with morning_after(NIGHT):
        job = night_start(as_of=NIGHT, asked_by=None)
    for stage in StageName:
        Job.unscoped.filter(pk=job.pk).update(attempts=0)
        # Done beside another that was killed, it is to be done again here.
        NightlyStage.objects.filter(run__as_of=NIGHT, name=stage).delete()
        kill_at_gate("segmentation_nightlystage", f"NEW.name = '{stage.value}'", job.pk)
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
