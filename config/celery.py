"""The Celery application and the one beat schedule.

The broker is only a doorbell: every piece of work has a row in the database, and the tick below
finds work whose message or worker was lost. Nothing is kept in results.
"""

import os
from importlib import import_module
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import task_prerun, worker_init

import organization.logs.tasks  # noqa: F401 - it listens to the signals of every task

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("huiyan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    timezone=os.environ.get("TIME_ZONE", "Asia/Shanghai"),
)
app.autodiscover_tasks()


@worker_init.connect
def _refuse_wrong_keys(**signal: Any) -> None:
    from organization.checks import refuse_wrong_keys

    refuse_wrong_keys()


@worker_init.connect
def _load_libraries(**signal: Any) -> None:
    """Before processes fork off, so that they share what takes a second to load and no night waits for it."""
    for name in ("sklearn.cluster", "sklearn.metrics", "scipy.optimize"):
        import_module(name)


# How often somebody looks for work that was lost. Not in the settings: they load services of their own.
TICK_SECONDS = float(os.environ.get("JOB_TICK_SECONDS", "30"))

app.conf.beat_schedule = {
    # Work whose worker died is taken up again: a lease lasts 45 s, so the wait is 75 s at most.
    "tick": {"task": "organization.tasks.tick", "schedule": TICK_SECONDS},
    # Looks whether it is past 03:30 where the company is, and last night is still to be made.
    "nightly": {"task": "segmentation.tasks.nightly", "schedule": crontab(minute="*/15")},
    # Once a week a sample of members is worked out again from all receipts and compared.
    "check_scores": {"task": "segmentation.tasks.check_scores", "schedule": crontab(hour=5, minute=20)},
    # When the night's own events are in.
    "audit": {"task": "organization.tasks.verify_audit", "schedule": crontab(hour=5, minute=0)},
    # Uploads and rows set aside whose time is over, and files that belong to nothing.
    "forget": {"task": "organization.tasks.forget_uploads", "schedule": crontab(hour=4, minute=40)},
    # Messages that could not go out at once, for instance because a worker was stopped.
    "deliver": {"task": "campaigns.tasks.deliver_pending", "schedule": 2 * TICK_SECONDS},
}


@task_prerun.connect
def local_time(**_about_the_task: Any) -> None:
    """A task's days are the company's, and so are the words of what nobody asked for."""
    from django.utils import timezone, translation

    from organization import company

    timezone.activate(company.zone())
    translation.activate(company.current().language)
