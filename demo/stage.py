"""What both sample companies need: a database, a worker, and jobs that are waited for."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.management.base import CommandError

from demo.accounts import ACCOUNTS
from organization.models import Import, Job, Region, Role, Staff, Store
from organization.services import import_create, staff_create
from segmentation.services import night_start

TAKEN_WITHIN_SECONDS = 60


@contextmanager
def worker() -> Iterator[None]:
    """A real Celery worker while the body runs."""
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "--concurrency", "1"]
    process = subprocess.Popen([*command, "--loglevel", "ERROR"], cwd=settings.BASE_DIR, env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def import_file(*, kind: str, path: Path, actor: Staff) -> Import:
    """Send a file the way the upload page does, and wait for the worker."""
    with path.open("rb") as handle:
        record = import_create(
            kind=kind, file=File(handle), file_name=path.name, source="POS", asked_by=actor
        )
    assert record.job is not None
    finish(record.job)
    record.refresh_from_db()
    return record


def night(as_of: date, *, actor: Staff) -> None:
    finish(night_start(as_of=as_of, asked_by=actor))


def finish(job: Job) -> None:
    """Wait until a worker has carried out the job; its own sentence if it failed."""
    patience = time.monotonic() + TAKEN_WITHIN_SECONDS
    while job.is_open:
        if job.status == Job.Status.QUEUED and time.monotonic() > patience:
            raise CommandError(f"No worker has taken this up for a minute: {job.label}")
        time.sleep(0.1)
        job.refresh_from_db()
    if job.status == Job.Status.FAILED:
        raise CommandError(f"{job.label}: {job.error}")


def staff_for(store: Store, region: Region) -> dict[Role, Staff]:
    """One account per role: a manager of one store, marketer and approver of the whole company."""
    scopes = {Role.MANAGER: {"stores": [store]}, Role.ADMIN: {}}
    return {
        account.role: staff_create(
            username=account.username,
            password=account.password,
            role=account.role,
            **scopes.get(account.role, {"regions": [region]}),
        )
        for account in ACCOUNTS
    }
