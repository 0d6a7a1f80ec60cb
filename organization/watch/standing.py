"""How things stand now, in a handful of queries of small tables."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models import Q
from django.utils import timezone
from django_stubs_ext import StrOrPromise
from redis import Redis, RedisError

from organization.models import AuditCheck, Job, ScheduledTask, WorkerBeat
from organization.watch.schedule import timing
from organization.watch.words import remedy, sentence, task_label

WORKER_SILENT_AFTER = timedelta(seconds=60)
JOB_WAITS_TOO_LONG = timedelta(minutes=10)
BROKER_PATIENCE_SECONDS = 2


@dataclass(frozen=True)
class Task:
    name: str
    label: StrOrPromise
    started_at: datetime | None
    finished_at: datetime | None
    has_failed: bool
    due_at: datetime
    is_overdue: bool

    @property
    def is_running(self) -> bool:
        return bool(self.started_at and (not self.finished_at or self.started_at > self.finished_at))


@dataclass(frozen=True)
class Problem:
    key: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return sentence(self.key, self.values)

    @property
    def remedy(self) -> StrOrPromise:
        return remedy(self.key)


@dataclass(frozen=True)
class State:
    """`problems` is empty where all is well. Without a database nothing else is known."""

    at: datetime
    database: bool = True
    broker: bool = True
    tasks: list[Task] = field(default_factory=list)
    workers: list[WorkerBeat] = field(default_factory=list)
    last_worker: WorkerBeat | None = None
    waiting: list[Job] = field(default_factory=list)
    audit: AuditCheck | None = None
    problems: list[Problem] = field(default_factory=list)


Finder = Callable[[], Iterable[Problem]]
_finders: list[Finder] = []


def register_problems(find: Finder) -> None:
    """What upper apps may find wrong; words.py has a sentence for each key."""
    _finders.append(find)


def state() -> State:
    now, broker = timezone.now(), broker_answers()
    try:
        known = _known(now)
    except (DatabaseError, InterfaceError):
        return State(at=now, database=False, broker=broker)
    found = State(at=now, broker=broker, **known)
    return State(at=now, broker=broker, **known, problems=list(_problems(found)))


def broker_answers() -> bool:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=BROKER_PATIENCE_SECONDS) as broker:
            return bool(broker.ping())
    except (RedisError, OSError):
        return False


def _known(now: datetime) -> dict[str, Any]:
    beats = list(WorkerBeat.unscoped.order_by("-seen_at"))
    living = [beat for beat in beats if beat.seen_at > now - WORKER_SILENT_AFTER]
    up_since = min((beat.started_at for beat in living), default=None)
    return {
        "tasks": list(_tasks(up_since, now)),
        "workers": living,
        "last_worker": beats[0] if beats else None,
        "waiting": list(_waiting(now)),
        "audit": AuditCheck.unscoped.order_by("-pk").first(),
    }


def _tasks(up_since: datetime | None, now: datetime) -> Iterator[Task]:
    rows = {row.name: row for row in ScheduledTask.unscoped.all()}
    for name, entry in current_app.conf.beat_schedule.items():
        row = rows.get(name) or ScheduledTask(name=name, known_since=now)
        last = row.finished_at or row.known_since
        due = timing(entry["schedule"], last=last, up_since=up_since, now=now)
        yield Task(
            name=name,
            label=task_label(name),
            started_at=row.started_at,
            finished_at=row.finished_at,
            has_failed=row.has_failed,
            due_at=due.due_at,
            is_overdue=due.is_overdue,
        )


def _waiting(now: datetime) -> Iterator[Job]:
    """Open jobs that nobody works on and that are not told to wait."""
    since = now - JOB_WAITS_TOO_LONG
    queued = Q(status=Job.Status.QUEUED, created_at__lt=since) & (
        Q(next_try_at=None) | Q(next_try_at__lt=since)
    )
    lost = Q(status=Job.Status.RUNNING, heartbeat_at__lt=since)
    yield from Job.unscoped.filter(queued | lost).order_by("pk")


def _problems(found: State) -> Iterator[Problem]:
    if not found.workers:
        seen = found.last_worker
        yield Problem("workers", {"at": seen.seen_at.isoformat()}) if seen else Problem("no workers")
    if not found.broker:
        yield Problem("broker")
    for task in found.tasks:
        if task.is_overdue:
            yield Problem(f"overdue:{task.name}", {"task": task.name, "at": task.due_at.isoformat()})
        elif task.has_failed and task.finished_at:
            at = task.finished_at.isoformat()
            yield Problem(f"failed:{task.name}", {"task": task.name, "at": at})
    if found.waiting:
        yield Problem("waiting", {"n": len(found.waiting)})
    if found.audit and found.audit.break_count:
        yield Problem("audit", {"n": found.audit.break_count})
    for find in _finders:
        yield from find()
