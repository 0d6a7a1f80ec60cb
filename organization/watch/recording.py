"""Every task of the beat schedule notes when it begins and how it ends, by signals of Celery.

The beginning is committed before the task does anything: one that is killed has begun and not ended.
"""

import logging
from typing import Any

from celery import current_app
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from organization.models import ScheduledTask

logger = logging.getLogger(__name__)


def task_began(*, task: Any, **_signal: Any) -> None:
    _note(task, started_at=timezone.now())


def task_ended(*, task: Any, state: str | None = None, **_signal: Any) -> None:
    _note(task, finished_at=timezone.now(), has_failed=state != "SUCCESS")


def know_all() -> None:
    """Tasks that have never run are known from now on, so that they can be overdue."""
    for name in current_app.conf.beat_schedule:
        ScheduledTask.unscoped.get_or_create(name=name)


def _note(task: Any, **fields: Any) -> None:
    names = [name for name, entry in current_app.conf.beat_schedule.items() if entry["task"] == task.name]
    try:
        for name in names:
            ScheduledTask.unscoped.update_or_create(name=name, defaults=fields)
    except (DatabaseError, InterfaceError) as fault:
        logger.warning("The run of %s could not be noted: %s.", task.name, type(fault).__name__)
