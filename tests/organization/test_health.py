"""Probes: one tells that this process answers, the other whether the whole is ready."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from organization import first_run, health
from organization.models import Staff, Store
from organization.tasks import tick
from segmentation.models import NightlyRun
from tests.segmentation.builders import a_receipt


@pytest.fixture(autouse=True)
def _nothing_seen() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


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
    tick()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert [check["name"] for check in answer.json()["checks"]] == [
        "database", "migrations", "broker", "worker", "night",
    ]  # fmt: skip
    assert checks(client) == {}


def test_it_asks_one_query_for_each_check(
    client: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):
        client.get("/readyz")


def test_it_misses_a_silent_worker(client: Client, db: None) -> None:
    assert client.get("/readyz").status_code == 503
    with time_machine.travel("2026-03-20T00:00Z", tick=False) as clock:
        tick()
        assert checks(client) == {}
        clock.shift(121)
        assert list(checks(client)) == ["worker"]
        assert client.get("/readyz").status_code == 503


def test_it_misses_a_migration(client: Client, db: None) -> None:
    tick()
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
        tick()
        assert ("night" in checks(client)) is late
        assert client.get("/readyz").status_code == 200


def test_it_expects_no_night_where_no_file_comes(client: Client, store: Store, admin: Staff) -> None:
    NightlyRun.objects.create(as_of=date(2026, 3, 1), published_at="2026-03-02T00:00Z")
    with time_machine.travel("2026-03-20T12:00+08:00", tick=False):
        tick()
        assert checks(client) == {}
