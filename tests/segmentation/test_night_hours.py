"""When a night is made by itself: after 03:30 where the company is, once a day."""

from datetime import date
from typing import Any

import pytest
import time_machine

from config.celery import local_time
from organization.jobs import job_run
from organization.models import Job, Staff, Store
from organization.services import company_save
from segmentation.tasks import nightly
from tests.organization.test_company import FIELDS
from tests.segmentation.builders import a_receipt

DAY = date(2026, 3, 19)


@pytest.fixture
def in_zone(admin: Staff, store: Store) -> Any:
    a_receipt(store, DAY)

    def ring(zone: str, moment: str) -> list[str]:
        company_save(actor=admin, fields={**FIELDS, "time_zone": zone})  # type: ignore[typeddict-item]
        with time_machine.travel(moment, tick=False):
            local_time()
            nightly()
        return [job.payload["as_of"] for job in Job.unscoped.order_by("pk")]

    return ring


@pytest.mark.parametrize(
    ("zone", "early", "late"),
    [
        ("Asia/Shanghai", "2026-03-19T19:29Z", "2026-03-19T19:30Z"),
        ("America/New_York", "2026-03-20T07:29Z", "2026-03-20T07:30Z"),
        ("Asia/Kathmandu", "2026-03-19T21:44Z", "2026-03-19T21:45Z"),
    ],
)
def test_it_begins_at_half_past_three_where_the_company_is(
    in_zone: Any, zone: str, early: str, late: str
) -> None:
    assert in_zone(zone, early) == []
    assert in_zone(zone, late) == ["2026-03-19"]


def test_it_is_caught_up_at_any_later_hour(in_zone: Any) -> None:
    assert in_zone("Asia/Shanghai", "2026-03-20T15:45Z") == ["2026-03-19"]


def test_it_rings_often_and_begins_once(in_zone: Any) -> None:
    for moment in ("2026-03-19T19:30Z", "2026-03-19T19:45Z", "2026-03-20T10:00Z"):
        assert in_zone("Asia/Shanghai", moment) == ["2026-03-19"]


def test_it_tries_a_failed_night_again_the_next_day(in_zone: Any) -> None:
    in_zone("Asia/Shanghai", "2026-03-19T19:30Z")
    Job.unscoped.update(status=Job.Status.FAILED)
    assert in_zone("Asia/Shanghai", "2026-03-20T01:00Z") == ["2026-03-19"]
    assert in_zone("Asia/Shanghai", "2026-03-20T19:30Z") == ["2026-03-19", "2026-03-20"]


@pytest.mark.django_db(transaction=True)
def test_it_makes_one_night_of_the_hour_that_comes_twice(in_zone: Any) -> None:
    # 01:00 to 02:00 came twice in New York on 1 November 2026.
    assert in_zone("America/New_York", "2026-11-01T05:30Z") == []
    Job.unscoped.all().delete()
    assert in_zone("Asia/Shanghai", "2026-03-19T19:30Z") == ["2026-03-19"]
    with time_machine.travel("2026-03-19T19:31Z"):
        job_run(Job.unscoped.get().pk)
    assert in_zone("Asia/Shanghai", "2026-03-19T20:00Z") == ["2026-03-19"]
