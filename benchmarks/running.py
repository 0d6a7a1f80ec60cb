"""One import as a worker carries it out: a process of its own, whose time and memory are read."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.conf import settings
from django.core.files import File

from organization.models import Import, ImportKind, Job
from organization.services import import_create

LOOK_EVERY = 0.02  # seconds
FOUND_EVERY = 10  # looks


@dataclass(frozen=True)
class Run:
    record: Import
    seconds: float
    peak_mb: float


def import_sales(path: Path) -> Run:
    """Seal and queue a file, then carry its job out in another process."""
    with path.open("rb") as handle:
        record = import_create(
            kind=ImportKind.SALES, file=File(handle), file_name=path.name, source="POS", asked_by=None
        )
    assert record.job is not None
    seconds, peak = carry_out(record.job)
    Path(record.path).unlink()
    record.refresh_from_db()
    return Run(record, seconds, peak)


def carry_out(job: Job) -> tuple[float, float]:
    """Carry a job out in another process; its seconds, and the most memory it held in MB."""
    peak = _peak_mb([sys.executable, "-m", "benchmarks", "job", str(job.pk)])
    job.refresh_from_db()
    if job.status != Job.Status.DONE or job.started_at is None or job.finished_at is None:
        sys.exit(f"The job ended as {job.status}: {job.error} {job.log}")
    return (job.finished_at - job.started_at).total_seconds(), peak


def _peak_mb(command: list[str]) -> float:
    """Run a command; the most memory that it and its children held at a time."""
    most = 0
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=os.environ)
    family = Family(process.pid)
    while process.poll() is None:
        most = max(most, family.held())
        time.sleep(LOOK_EVERY)
    if process.returncode:
        sys.exit(f"The job's process ended with {process.returncode}.")
    return most / 1e6


class Family:
    """A process and its children. To find the children takes a millisecond, so that is done now and then."""

    def __init__(self, pid: int) -> None:
        self._first, self._all, self._looks = psutil.Process(pid), list[psutil.Process](), 0

    def held(self) -> int:
        """Resident bytes of all; pages that they share count once for each."""
        try:
            if self._looks % FOUND_EVERY == 0:
                self._all = [self._first, *self._first.children(recursive=True)]
            self._looks += 1
            return sum(one.memory_info().rss for one in self._all)
        except psutil.NoSuchProcess:
            self._looks = 0
            return 0
