"""The company: one row at most, what the settings say where there is none, its days everywhere."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from campaigns.policy.content import message_body
from config.celery import local_time
from dashboards.campaigns.words import money
from organization import company
from organization.models import AuditEvent, Company, Job, Staff
from organization.services import company_save

FIELDS: Any = {
    "name": "Harbour Stores",
    "sender_name": "Harbour",
    "time_zone": "America/New_York",
    "language": "zh-hans",
    "currency_sign": "$",
    "minimum_age": 21,
}


@pytest.fixture
def harbour(admin: Staff) -> Company:
    return company_save(actor=admin, fields=FIELDS)


def test_it_is_what_the_settings_say_before_the_set_up(settings: Settings) -> None:
    settings.SENDER_NAME, settings.MINIMUM_AGE = "江城便利", 20
    found = company.current()
    assert (found.sender_name, found.minimum_age) == ("江城便利", 20)
    assert company.zone() == ZoneInfo(settings.TIME_ZONE)
    assert company.saved() is None


def test_it_counts_everywhere_once_saved(harbour: Company) -> None:
    assert message_body(offer="Tea", channel="sms").startswith("【Harbour】")
    assert money(3) == "$3"
    assert company.current().minimum_age == 21


@pytest.mark.parametrize("wrong", [{"id": 2}, {"minimum_age": 17}])
def test_it_is_one_row_for_adults_only(harbour: Company, wrong: dict[str, int]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Company.objects.create(**{**FIELDS, "id": 1, **wrong})


def test_it_audits_what_was_before(harbour: Company, admin: Staff) -> None:
    company_save(actor=admin, fields={**FIELDS, "minimum_age": 20})  # type: ignore[typeddict-item]
    event = AuditEvent.unscoped.filter(code="company.changed").latest("pk")
    assert (event.before, event.after) == ({"minimum_age": 21}, {"minimum_age": 20})
    assert event.actor == admin


def test_it_audits_no_change_where_there_is_none(harbour: Company, admin: Staff) -> None:
    company_save(actor=admin, fields=FIELDS)
    assert AuditEvent.unscoped.filter(code="company.changed").count() == 1


def test_it_asks_the_database_once_for_many(harbour: Company, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        for _again in range(9):
            company.current()


@pytest.mark.parametrize(
    ("moment", "day"),
    [("2026-03-20T03:59Z", date(2026, 3, 19)), ("2026-03-20T04:01Z", date(2026, 3, 20))],
)
def test_it_turns_the_day_at_the_company_s_midnight(
    harbour: Company, client: Client, admin: Staff, moment: str, day: date
) -> None:
    client.force_login(admin)
    with time_machine.travel(moment, tick=False):
        page = client.get("/nights/")
        assert timezone.localdate() == day
    assert page.context["form"].initial["as_of"] == date.fromordinal(day.toordinal() - 1)
    timezone.deactivate()
    local_time()
    assert timezone.get_current_timezone_name() == "America/New_York"


def test_it_speaks_the_company_s_language_until_somebody_chooses(harbour: Company, client: Client) -> None:
    assert '<html lang="zh-hans">' in client.get("/login/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    client.post("/language/", {"language": "en"})
    assert '<html lang="en">' in client.get("/login/").content.decode()


def test_it_is_changed_on_its_page(client: Client, admin: Staff) -> None:
    client.force_login(admin)
    assert client.get("/company/").status_code == 200
    assert client.post("/company/", FIELDS).status_code == 302
    assert company.current().name == "Harbour Stores"


@pytest.mark.parametrize(
    ("field", "value"),
    [("time_zone", "Asia/Nowhere"), ("minimum_age", "17"), ("name", ""), ("language", "fr"), ("name", "\0")],
)
def test_it_refuses_what_makes_no_company(client: Client, admin: Staff, field: str, value: str) -> None:
    client.force_login(admin)
    page = client.post("/company/", {**FIELDS, field: value})
    assert page.status_code == 422
    assert page.context["form"].errors.keys() == {field}
    assert not Company.objects.exists()


def test_it_keeps_a_job_to_the_company_s_days(harbour: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    from organization import jobs

    seen = []
    monkeypatch.setitem(jobs._handlers, "look", lambda job, progress: seen.append(timezone.localdate()))
    job = jobs.job_create(kind="look", label="Look", payload={}, asked_by=None)
    with time_machine.travel("2026-03-20T02:00Z"):
        jobs.job_run(job.pk)
    assert seen == [date(2026, 3, 19)]
    assert Job.unscoped.get().status == Job.Status.DONE
