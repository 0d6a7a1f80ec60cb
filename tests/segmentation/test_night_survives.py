"""A night that stopped half-way, or whose worker was killed, leaves nothing the next one trips over."""

import pytest

from members.models import Member
from organization.jobs import JobError, job_retry, job_run, jobs_requeue
from organization.models import Job
from segmentation.models import MemberScore, NightlyRun, NightlyStage, StageName
from segmentation.nightly import publish
from segmentation.services import night_start
from tests.killing import kill_at_gate
from tests.segmentation.builders import (
    NIGHT,
    a_receipt,
    days_before,
    make_night,
    morning_after,
    published_rows,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("full", [True, False])
def test_a_night_tried_again_after_an_earlier_one_was_published_begins_again(
    crowd: list[Member], full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_night(days_before(5))
    a_receipt(crowd[0].enrolment_store, NIGHT, crowd[0])

    def fail(run: NightlyRun) -> None:
        raise JobError("stopped just before the end")

    with monkeypatch.context() as broken:
        broken.setattr(publish, "_run_write", fail)
        stopped = make_night(full=full)
    make_night(days_before(1))
    with morning_after(NIGHT):
        assert job_retry(stopped)
        job_run(stopped.pk)
    stopped.refresh_from_db()
    assert stopped.status == Job.Status.DONE
    found = published_rows()
    assert len(found["MemberScore"]) == len(crowd)
    make_night(full=True)
    assert published_rows() == found


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
