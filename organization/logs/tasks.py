"""A task's lines carry the id of the request that queued it, and what failed."""

import logging
from typing import Any

import structlog
from celery.signals import before_task_publish, setup_logging, task_failure, task_prerun
from django_structlog.celery.receivers import CeleryReceiver

log = structlog.stdlib.get_logger("huiyan.task")
_travel = CeleryReceiver()

before_task_publish.connect(_travel.receiver_before_task_publish)
task_prerun.connect(_travel.receiver_task_prerun)


@setup_logging.connect
def keep_our_logging(**_about: Any) -> None:
    """Celery sets up logging of its own unless somebody listens here."""
    logging.captureWarnings(True)


@task_failure.connect
def task_failed(sender: Any = None, exception: BaseException | None = None, **_about: Any) -> None:
    log.error("task failed", task=getattr(sender, "name", None), exc_info=exception)
