"""Metrics: for who holds the token, by view name, with the figures of now."""

from datetime import date

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from organization.models import Job, Staff
from organization.tasks import tick
from organization.watch.recording import task_ended
from segmentation.models import NightlyRun
from tests.campaigns.cast import make_draft

TOKEN = "a-long-token"


def scrape(client: Client) -> str:
    answer = client.get("/metrics", HTTP_AUTHORIZATION=f"Bearer {TOKEN}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("given", ["", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer é"])
def test_it_is_not_there_without_the_token(
    client: Client, admin: Staff, settings: Settings, given: str
) -> None:
    client.force_login(admin)
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", HTTP_AUTHORIZATION=given).status_code == 404
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", HTTP_AUTHORIZATION=given).status_code == 404


def test_it_tells_the_figures_of_now(client: Client, db: None, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    NightlyRun.objects.create(as_of=date(2026, 3, 18), published_at="2026-03-19T00:00Z")
    with time_machine.travel("2026-03-20T00:00+08:00", tick=False) as clock:
        task_ended(task=tick, state="SUCCESS")
        Job.unscoped.create(kind="import", label="x", status=Job.Status.QUEUED)
        clock.shift(90)
        told = scrape(client)
    for line in (
        'huiyan_jobs{state="queued"} 1.0',
        "huiyan_oldest_waiting_job_seconds 90.0",
        'huiyan_rows_imported_total{kind="sales"} 0.0',
        "huiyan_worker_silence_seconds 90.0",
        "huiyan_last_night_age_seconds 86490.0",
        "huiyan_messages_pending 0.0",
    ):
        assert line in told


def test_it_names_views_not_addresses(client: Client, admin: Staff, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    client.force_login(admin)
    draft = make_draft(admin)
    client.get(f"/campaigns/{draft.pk}/", {"q": "13800138000"})
    told = scrape(client)
    assert 'view="campaign"' in told
    assert "13800138000" not in told and f"/campaigns/{draft.pk}" not in told
