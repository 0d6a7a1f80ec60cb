"""What runs, what is overdue, whom to tell."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from celery import current_app
from celery.schedules import crontab, schedule
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from organization import tasks, watch, workers
from organization.models import Alert, AuditCheck, Job, ScheduledTask, Staff, WorkerBeat
from organization.watch import recording, standing
from organization.watch.schedule import timing
from organization.watch.words import SENTENCES, TASKS, sentence

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=SHANGHAI)
S = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("every", "last", "due"),
    [
        (30.0, NOW, NOW + 30 * S),
        (timedelta(minutes=5), NOW, NOW + 300 * S),
        (schedule(60), NOW, NOW + 60 * S),
        (crontab(hour=3, minute=30), NOW, datetime(2026, 5, 5, 3, 30, tzinfo=SHANGHAI)),
        (
            crontab(hour=3, minute=30),
            NOW.replace(hour=3, minute=29, second=59),
            NOW.replace(hour=3, minute=30),
        ),
        (
            crontab(hour=3, minute=30),
            NOW.replace(hour=3, minute=30, second=1),
            datetime(2026, 5, 5, 3, 30, tzinfo=SHANGHAI),
        ),
        (crontab(hour=3, minute=30), NOW.astimezone(UTC), datetime(2026, 5, 5, 3, 30, tzinfo=SHANGHAI)),
        (crontab(minute="*/15"), NOW, NOW + 900 * S),
    ],
)
def test_it_knows_when_work_is_due(every: Any, last: datetime, due: datetime) -> None:
    assert timing(every, last=last, up_since=None, now=NOW).due_at == due


@pytest.mark.parametrize(
    ("every", "last", "up_since", "late"),
    [
        (30.0, NOW - 90 * S, None, False),
        (30.0, NOW - 91 * S, None, True),
        (60.0, NOW - 180 * S, None, False),
        (60.0, NOW - 181 * S, None, True),
        # No worker was there: the wait begins with the first.
        (60.0, NOW - timedelta(days=2), NOW - 120 * S, False),
        (60.0, NOW - timedelta(days=2), NOW - 121 * S, True),
        (crontab(hour=11, minute=45), NOW - timedelta(days=1), None, False),
        (crontab(hour=11, minute=44), NOW - timedelta(days=1), None, True),
        (crontab(hour=11, minute=44), NOW - 60 * S, None, False),
    ],
)
def test_it_knows_when_work_is_overdue(every: Any, last: datetime, up_since: Any, late: bool) -> None:
    assert timing(every, last=last, up_since=up_since, now=NOW).is_overdue is late


@pytest.mark.parametrize("name", list(current_app.conf.beat_schedule))
def test_it_has_a_word_for_everything_that_runs_by_itself(name: str) -> None:
    assert name in TASKS, f"Give {name} a line in organization/watch/words.py: TASKS"


@pytest.fixture
def well(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything runs at NOW."""
    monkeypatch.setattr(standing, "broker_answers", lambda: True)
    with time_machine.travel(NOW, tick=False):
        WorkerBeat.unscoped.create(name="box:1", seen_at=NOW)
        for name in current_app.conf.beat_schedule:
            ScheduledTask.unscoped.create(name=name, started_at=NOW, finished_at=NOW)


def problems(at: datetime = NOW) -> list[str]:
    with time_machine.travel(at, tick=False):
        return [problem.key for problem in watch.state().problems]


def test_it_has_nothing_to_say_when_all_is_well(well: None) -> None:
    assert problems() == []


def test_it_misses_workers(well: None) -> None:
    assert problems(NOW + 60 * S)[0] == "workers"
    WorkerBeat.unscoped.all().delete()
    assert problems() == ["no workers"]


def test_it_sees_what_is_overdue_failed_or_never_came_to_an_end(well: None) -> None:
    ScheduledTask.unscoped.filter(name="tick").update(finished_at=NOW - 91 * S)
    ScheduledTask.unscoped.filter(name="audit").update(has_failed=True)
    WorkerBeat.unscoped.update(started_at=NOW - timedelta(days=1))
    assert problems() == ["overdue:tick", "failed:audit"]
    with time_machine.travel(NOW, tick=False):
        tick = next(task for task in watch.state().tasks if task.name == "tick")
    assert tick.is_running and tick.is_overdue


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"status": "queued"}, ["waiting"]),
        ({"status": "queued", "next_try_at": NOW + 60 * S}, []),
        ({"status": "running", "heartbeat_at": NOW - 601 * S}, ["waiting"]),
        ({"status": "running", "heartbeat_at": NOW}, []),
        ({"status": "failed"}, []),
    ],
)
def test_it_sees_jobs_that_wait_too_long(well: None, fields: dict[str, Any], found: list[str]) -> None:
    with time_machine.travel(NOW - 601 * S, tick=False):
        Job.unscoped.create(kind="import", label="x", **fields)
    assert problems() == found


def test_it_sees_a_broken_audit_trail_and_a_broker_that_is_gone(
    well: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    AuditCheck.unscoped.create(seq=1, hash="", breaks=[], break_count=2)
    monkeypatch.setattr(standing, "broker_answers", lambda: False)
    assert problems() == ["broker", "audit"]


def test_it_asks_the_real_broker(settings: Any) -> None:
    assert standing.broker_answers()
    settings.REDIS_URL = "unix:///nowhere.sock"
    assert not standing.broker_answers()


def test_it_says_so_when_the_database_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def gone(*_arguments: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(standing, "_known", gone)
    assert not watch.check().database


def check(at: datetime) -> None:
    with time_machine.travel(at, tick=False):
        watch.check()


@pytest.mark.django_db(transaction=True)
def test_it_has_just_begun_though_it_was_killed_under_the_same_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine was off for a night: nothing is overdue that no worker could have done."""
    monkeypatch.setattr(standing, "broker_answers", lambda: True)
    long_ago = timezone.now() - timedelta(hours=9)
    WorkerBeat.unscoped.create(name="box:1", seen_at=long_ago)
    WorkerBeat.unscoped.update(started_at=long_ago)
    for name in current_app.conf.beat_schedule:
        ScheduledTask.unscoped.create(name=name, finished_at=long_ago)
    monkeypatch.setattr(workers, "_name", "box:1")
    monkeypatch.setattr(workers._stop, "wait", lambda _seconds: True)
    workers._say_so()
    assert not Alert.unscoped.exists()


def test_it_begins_and_ends_an_alert_with_its_cause(well: None, caplog: pytest.LogCaptureFixture) -> None:
    later = NOW + 70 * S
    check(later)
    check(later + S)
    alert = Alert.unscoped.get(key="workers")
    assert (alert.since, alert.until) == (later, None)
    assert caplog.text.count("No worker has been seen since 2026-05-04 12:00") == 1
    WorkerBeat.unscoped.update(seen_at=later)
    check(later + 2 * S)
    alert.refresh_from_db()
    assert alert.until == later + 2 * S


def test_it_mails_admins_once_a_day(well: None, admin: Staff, manager: Staff) -> None:
    Staff.objects.update(email="someone@example.com")
    Staff.objects.filter(pk=manager.pk).update(email="manager@example.com")
    down, up = NOW + 70 * S, {"seen_at": NOW + timedelta(days=9)}
    check(down)
    assert [letter.to for letter in mail.outbox] == [["someone@example.com"]]
    assert "No worker has been seen" in str(mail.outbox[0].subject)
    for day, letters in ((0.5, 0), (1.1, 1)):
        mail.outbox.clear()
        Alert.unscoped.filter(until=None).update(until=NOW)
        check(down + timedelta(days=day))
        keys = [
            text for letter in mail.outbox for text in str(letter.body).splitlines() if "No worker" in text
        ]
        assert len(keys) == letters and all("Start Huiyan again" in text for text in keys)
    WorkerBeat.unscoped.update(**up)


def test_it_goes_on_though_the_mail_server_is_gone(
    well: None, admin: Staff, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    Staff.objects.update(email="someone@example.com")
    settings.EMAIL_BACKEND = "nothing.Backend"
    check(NOW + 70 * S)
    assert Alert.unscoped.filter(key="workers").exists() and "could not be mailed" in caplog.text
    assert "someone@example.com" not in caplog.text


@pytest.mark.parametrize("key", SENTENCES)
def test_it_has_a_sentence_for_every_trouble(key: str) -> None:
    text = sentence(f"{key}:x", {"day": "2026-05-03", "task": "tick", "at": NOW.isoformat(), "n": 3})
    assert text.endswith(".") and "%(" not in text and "+08" not in text


def test_it_notes_when_a_task_begins_and_how_it_ends(db: None) -> None:
    recording.task_began(task=tasks.tick)
    row = ScheduledTask.unscoped.get(name="tick")
    assert row.started_at and not row.finished_at
    recording.task_ended(task=tasks.tick, state="FAILURE")
    row.refresh_from_db()
    assert row.finished_at and row.has_failed
    recording.task_ended(task=tasks.tick, state="SUCCESS")
    recording.task_began(task=tasks.run_job)
    assert not ScheduledTask.unscoped.get().has_failed


@pytest.fixture
def page(client: Client, admin: Staff, well: None) -> Callable[[], str]:
    def get() -> str:
        with time_machine.travel(NOW + 5 * S, tick=False):
            client.force_login(admin)
            return client.get("/watch/").content.decode()

    return get


def test_it_shows_that_all_is_well(page: Callable[[], str]) -> None:
    text = page()
    assert "Nothing: everything runs, and nothing is overdue." in text and "box:1" in text
    assert text.count("On time") == len(current_app.conf.beat_schedule) and "Overdue" not in text


def test_it_shows_what_is_wrong_and_what_was(page: Callable[[], str]) -> None:
    Job.unscoped.create(kind="import", label="An old file", status="queued")
    Job.unscoped.update(created_at=NOW - timedelta(hours=1))
    ScheduledTask.unscoped.filter(name="tick").update(has_failed=True)
    Alert.unscoped.create(key="broker", until=NOW)
    text = page()
    assert "2 things need you." in text and "An old file" in text
    assert "“Take up lost work” failed at 2026-05-04 12:00." in text
    assert "The broker does not answer" in text


def test_it_warns_admins_on_every_page(
    client: Client,
    admin: Staff,
    manager: Staff,
    well: None,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    def warned(staff: Staff, at: datetime = NOW) -> bool:
        client.force_login(staff)
        with time_machine.travel(at, tick=False):
            return "does not run as it should" in client.get("/jobs/").content.decode()

    assert not warned(admin)
    assert warned(admin, NOW + 61 * S)  # No worker is left to raise an alert.
    Alert.unscoped.create(key="audit")
    assert warned(admin) and not warned(manager)
    Alert.unscoped.update(until=NOW)
    assert not warned(admin)
