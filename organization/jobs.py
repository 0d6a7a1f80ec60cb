"""How work survives: a job row is claimed under a lease, and its holder renews the lease.

A worker that is killed stops renewing; the tick then puts the job back. A holder that was only
slow finds its lease gone at its next write and stops. Handlers are registered per kind by the app
that owns the work, take the job and a `Progress`, and must be safe to run twice.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from structlog.contextvars import bound_contextvars

from organization import company
from organization.logs.lines import places
from organization.models import Job, Staff

log = structlog.stdlib.get_logger("huiyan.job")

LEASE = timedelta(seconds=45)
FLUSH_SECONDS = 1.0
MAX_ATTEMPTS = 5

Handler = Callable[[Job, "Progress"], None]
_handlers: dict[str, Handler] = {}


class JobError(Exception):
    """A failure the person who asked can mend; its text is a sentence for them."""


class LeaseLost(Exception):
    """Somebody else has this job now."""


def register(kind: str, handler: Handler) -> None:
    _handlers[kind] = handler


def job_create(*, kind: str, label: str, payload: dict[str, Any], asked_by: Staff | None) -> Job:
    """Queue a job; its message goes out when the caller's transaction is committed."""
    from organization.tasks import run_job

    language = get_language() or company.current().language
    job = Job.unscoped.create(kind=kind, label=label, payload=payload, asked_by=asked_by, language=language)
    transaction.on_commit(lambda: ring(run_job, job.pk))
    return job


def ring(task: Any, *args: Any) -> None:
    """Send a task; a broker that is down only delays it, since the tick finds the row."""
    from kombu.exceptions import OperationalError

    with suppress(OperationalError):
        task.apply_async(args, retry=False)


class Progress:
    """What a handler says while it works.

    Kept in memory and written by the heartbeat on a connection of its own, so that it is seen
    while the handler's transaction is still open.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._changes: dict[str, Any] = {}
        self._log: list[str] = []
        self._guard = threading.Lock()
        self.lost = False

    def say(self, message: str) -> None:
        with self._guard:
            self._log.append(f"{timezone.localtime():%H:%M:%S} {message}\n")
            self._changes["message"] = message[:300]
        self._stop_if_lost()

    def step(self, done: int, of: int) -> None:
        with self._guard:
            self._changes |= {"done_parts": done, "all_parts": of}
        self._stop_if_lost()

    def confirm(self) -> None:
        """Last thing before a commit: stop if another worker has taken the job over."""
        if not Job.unscoped.select_for_update().filter(pk=self._job.pk, lease=self._job.lease).exists():
            raise LeaseLost

    def flush(self) -> None:
        with self._guard:
            changes, self._changes = self._changes, {}
            log, self._log = "".join(self._log), []
        if log:
            changes["log"] = Concat(F("log"), Value(log))
        _update_held(self._job, **changes)

    def _stop_if_lost(self) -> None:
        if self.lost:
            raise LeaseLost


def job_run(job_id: int) -> None:
    """Claim and carry out a job; does nothing if it is finished or held by a living worker."""
    job = _claim(job_id)
    if job is None:
        return
    ids = {"job": job.pk, "kind": job.kind, "import_id": job.payload.get("import")}
    with bound_contextvars(**{name: value for name, value in ids.items() if value is not None}):
        _carry_out(job)


def _carry_out(job: Job) -> None:
    progress = Progress(job)
    try:
        with _renewed(progress), override(job.language), timezone.override(company.zone()):
            _handlers[job.kind](job, progress)
    except LeaseLost:
        return
    except JobError as error:
        _finish(job, Job.Status.FAILED, error=str(error))
    except (OperationalError, InterfaceError) as fault:
        # The database failed: leave the job as it is, and let the tick try again. Its words may hold
        # the row it was writing, so they go no further.
        connection.close()
        raise type(fault)("The database failed.") from None
    except Exception as fault:
        # Values may stand in an exception's text, so only its kind and places are kept.
        log.error("job stopped", exc_info=fault)
        with override(job.language):
            sentence = _("This is a fault in the program; nothing was changed.")
        _finish(job, Job.Status.FAILED, error=sentence, notes="\n".join(places(fault.__traceback__)))
    else:
        _finish(job, Job.Status.DONE)


def jobs_requeue() -> list[int]:
    """Ids of open jobs nobody works on: their lease is over, or their message was lost."""
    stale = timezone.now() - LEASE
    waiting = Q(status=Job.Status.QUEUED, created_at__lt=stale)
    abandoned = Q(status=Job.Status.RUNNING, heartbeat_at__lt=stale)
    spent = Job.unscoped.filter(abandoned, attempts__gte=MAX_ATTEMPTS)
    spent.update(
        status=Job.Status.FAILED,
        error=_("The worker was lost %(n)s times while doing this.") % {"n": MAX_ATTEMPTS},
        finished_at=timezone.now(),
    )
    return list(Job.unscoped.filter(waiting | abandoned).values_list("pk", flat=True))


def job_retry(job: Job) -> bool:
    """Run a failed job again; False if it is not failed (any more)."""
    from organization.tasks import run_job

    again = Job.unscoped.filter(pk=job.pk, status=Job.Status.FAILED).update(
        status=Job.Status.QUEUED, error="", attempts=0, finished_at=None, done_parts=0
    )
    if again:
        transaction.on_commit(lambda: ring(run_job, job.pk))
    return bool(again)


def _claim(job_id: int) -> Job | None:
    now = timezone.now()
    free = Q(status=Job.Status.QUEUED) | Q(status=Job.Status.RUNNING, heartbeat_at__lt=now - LEASE)
    lease = uuid.uuid4()
    claimed = Job.unscoped.filter(free, pk=job_id).update(
        status=Job.Status.RUNNING, lease=lease, heartbeat_at=now, started_at=now, attempts=F("attempts") + 1
    )
    return Job.unscoped.get(pk=job_id) if claimed else None


def _update_held(job: Job, **fields: Any) -> None:
    held = Job.unscoped.filter(pk=job.pk, lease=job.lease, status=Job.Status.RUNNING)
    if not held.update(heartbeat_at=timezone.now(), **fields):
        raise LeaseLost


def _finish(job: Job, status: str, *, error: str = "", notes: str = "") -> None:
    with suppress(LeaseLost):
        _update_held(
            job, status=status, error=error, finished_at=timezone.now(), log=Concat(F("log"), Value(notes))
        )
        took = timezone.now() - job.started_at if job.started_at else None
        log.info("job", status=status, seconds=round(took.total_seconds(), 1) if took else None)


@contextmanager
def _renewed(progress: Progress) -> Iterator[None]:
    """Renew the lease from a thread with its own connection while the body runs."""
    stop = threading.Event()

    def renew() -> None:
        while not stop.wait(FLUSH_SECONDS):
            try:
                progress.flush()
            except LeaseLost:
                progress.lost = True
                break
            except DatabaseError:
                connection.close()  # The next round opens a new one.
        connection.close()

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    progress.flush()
