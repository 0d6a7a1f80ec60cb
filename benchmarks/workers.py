"""A worker of two processes, as the product runs it, and the memory they hold."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from benchmarks.running import LOOK_EVERY, Family
from organization.models import Job

COMMAND = ("celery", "--quiet", "-A", "config", "worker", "--concurrency", "2", "--loglevel", "ERROR")
ASK_EVERY = 0.2  # seconds; when a job began and ended is told by the job
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")


@dataclass
class Worker:
    process: subprocess.Popen[bytes]
    peak_mb: float = 0.0

    def finish(self, job: Job) -> float:
        """Wait for the end of a job; the seconds it took from when it was begun."""
        while Job.unscoped.filter(pk=job.pk).open().exists():
            if self.process.poll() is not None:
                sys.exit("The worker has ended.")
            time.sleep(ASK_EVERY)
        job.refresh_from_db()
        if job.status != Job.Status.DONE or job.started_at is None or job.finished_at is None:
            sys.exit(f"The job ended as {job.status}: {job.error} {job.log}")
        return (job.finished_at - job.started_at).total_seconds()

    def watch(self) -> None:
        family = Family(self.process.pid)
        while self.process.poll() is None:
            self.peak_mb = max(self.peak_mb, family.held() / 1e6)
            time.sleep(LOOK_EVERY)


@contextmanager
def a_worker() -> Iterator[Worker]:
    command = [sys.executable, "-m", *COMMAND, *QUIET]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, env=os.environ, stdout=sys.stderr) as process:
        worker = Worker(process)
        threading.Thread(target=worker.watch, daemon=True).start()
        try:
            yield worker
        finally:
            process.terminate()
