"""Probes: one tells that this process answers, the other whether the whole is ready."""

from datetime import date
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from organization import first_run, health
from organization.models import Staff, Store, WorkerBeat
from organization.tasks import tick
from organization.watch.recording import task_ended
from segmentation.models import NightlyRun
from tests.segmentation.builders import a_receipt


def all_live() -> None:
    """As a worker leaves it that lives and has just carried out the tick."""
    now = timezone.now()
    WorkerBeat.unscoped.update_or_create(name="w:1", defaults={"seen_at": now})
    task_ended(task=tick, state="SUCCESS")


def checks(client: Client) -> dict[str, str]:
    """What is wrong, by the name of the check."""
    answer = client.get("/readyz").json()
    return {check["name"]: check["says"] for check in answer["checks"] if not check["ok"]}


def test_it_answers_without_host_tls_or_database(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["huiyan.example"], True
    answer = client.get("/healthz", HTTP_HOST="10.0.0.7:8000")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_it_answers_before_the_set_up(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_run, "_is_done", False)
    assert client.get("/healthz").status_code == 200
    assert "checks" in client.get("/readyz").json()


def test_it_is_ready_when_all_is_well(client: Client, db: None) -> None:
    all_live()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert [check["name"] for check in answer.json()["checks"]] == [
        "database", "migrations", "broker", "worker", "beat", "night",
    ]  # fmt: skip
    assert checks(client) == {}


def test_it_asks_one_query_for_each_check(
    client: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(5):
        client.get("/readyz")


def test_it_misses_a_silent_worker_and_a_silent_beat(client: Client, db: None) -> None:
    assert list(checks(client)) == ["worker", "beat"]
    with time_machine.travel("2026-03-20T00:00Z", tick=False) as clock:
        all_live()
        assert checks(client) == {}
        clock.shift(61)
        assert list(checks(client)) == ["worker"]
        clock.shift(60)
        assert list(checks(client)) == ["worker", "beat"]
        WorkerBeat.unscoped.update(seen_at=timezone.now())
        assert list(checks(client)) == ["beat"]
        assert client.get("/readyz").status_code == 503


def test_an_emptied_broker_changes_nothing(client: Client, db: None) -> None:
    all_live()
    cache.clear()
    assert client.get("/readyz").status_code == 200


def test_it_misses_a_migration(client: Client, db: None) -> None:
    all_live()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sales'")
    assert "have not been applied" in checks(client)["migrations"]
    assert client.get("/readyz").status_code == 503


def test_it_says_nothing_of_where_things_are(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any) -> None:
        raise OperationalError("connection to 10.1.2.3 failed for user huiyan")

    monkeypatch.setitem(health._checks, "database", (fail, True))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "10.1.2.3" not in answer.content.decode()
    assert checks(client)["database"] == "It does not answer."


@pytest.mark.parametrize(
    ("moment", "late"),
    [("2026-03-20T05:59+08:00", False), ("2026-03-20T06:01+08:00", True)],
)
def test_it_misses_a_night_and_stays_ready(client: Client, store: Store, moment: str, late: bool) -> None:
    a_receipt(store, date(2026, 3, 19))
    NightlyRun.objects.create(as_of=date(2026, 3, 18), published_at="2026-03-19T00:00Z")
    with time_machine.travel(moment, tick=False):
        all_live()
        assert ("night" in checks(client)) is late
        assert client.get("/readyz").status_code == 200


def test_it_expects_no_night_where_no_file_comes(client: Client, store: Store, admin: Staff) -> None:
    NightlyRun.objects.create(as_of=date(2026, 3, 1), published_at="2026-03-02T00:00Z")
    with time_machine.travel("2026-03-20T12:00+08:00", tick=False):
        all_live()
        assert checks(client) == {}
