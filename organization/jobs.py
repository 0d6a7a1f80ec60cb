"""How work survives: a job row is claimed under a lease, and its holder renews the lease.

A worker that is killed stops renewing; the tick then puts the job back. A holder that was only
slow finds its lease gone at its next write and stops; so does one whose job was cancelled, or
handed back because its worker is to stop. Handlers are registered per kind by the app
that owns the work, take the job and a `Progress`, and must be safe to run twice.
"""

import errno
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from structlog.contextvars import bound_contextvars

from organization import company
from organization.database import is_away
from organization.logs.lines import places
from organization.models import Job, Staff
from organization.workers import worker_name

log = structlog.stdlib.get_logger("huiyan.job")

LEASE = timedelta(seconds=settings.JOB_LEASE_SECONDS)
FLUSH_SECONDS = 1.0
MAX_ATTEMPTS = 8
FIRST_WAIT, LONGEST_WAIT = 10, 600  # seconds
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # on the disk, for this account, in this file

Handler = Callable[[Job, "Progress"], None]
_handlers: dict[str, Handler] = {}


class JobError(Exception):
    """A failure the person who asked can mend; its text is a sentence for them."""


class Transient(Exception):
    """A trouble that passes, as of a server that does not answer: the job is tried again later.

    Its text, which may be empty, is a sentence for the person who asked.
    """


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

    def confirm(self, *, more_to_come: bool = False) -> None:
        """Last thing before a commit: stop if the job was cancelled or is another worker's now.

        The row stays locked until then, so that a job is either cancelled or committed. After the
        last commit of a job it cannot be cancelled any more.
        """
        held = Job.unscoped.filter(pk=self._job.pk, lease=self._job.lease)
        if not held.update(is_settled=not more_to_come):
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
    except Exception as fault:
        if isinstance(fault, Transient) or is_away(fault):
            _try_later(job, fault)
            return
        # Values may stand in an exception's text, so only its kind and places are kept.
        log.error("job stopped", exc_info=fault)
        with override(job.language):
            sentence = _sentence(fault)
        _finish(job, Job.Status.FAILED, error=sentence, notes="\n".join(places(fault.__traceback__)))
    else:
        _finish(job, Job.Status.DONE)


def _sentence(fault: Exception) -> str:
    if isinstance(fault, OSError) and fault.errno in NO_ROOM:
        return _("There is no room left on the disk; nothing was changed. Make room, then run this again.")
    return _("This is a fault in the program; nothing was changed.")


def jobs_requeue() -> list[int]:
    """Ids of open jobs nobody works on: their lease is over, or their message was lost."""
    stale = timezone.now() - LEASE
    unheard = Q(next_try_at=None, created_at__lt=stale) | Q(next_try_at__lte=timezone.now())
    waiting = Q(unheard, status=Job.Status.QUEUED)
    abandoned = Q(status=Job.Status.RUNNING, heartbeat_at__lt=stale)
    spent = Job.unscoped.filter(abandoned, attempts__gte=MAX_ATTEMPTS)
    spent.update(
        status=Job.Status.FAILED,
        lease=None,
        error=_("The worker was lost %(n)s times while doing this.") % {"n": MAX_ATTEMPTS},
        finished_at=timezone.now(),
    )
    return list(Job.unscoped.filter(waiting | abandoned).values_list("pk", flat=True))


def job_retry(job: Job) -> bool:
    """Run a failed or cancelled job again; False if it is neither (any more)."""
    from organization.tasks import run_job

    ended = Job.unscoped.filter(pk=job.pk, status__in=[Job.Status.FAILED, Job.Status.CANCELLED])
    again = ended.update(
        status=Job.Status.QUEUED,
        error="",
        attempts=0,
        finished_at=None,
        done_parts=0,
        next_try_at=None,
        is_settled=False,
        cancelled_at=None,
        cancelled_by=None,
    )
    if again:
        transaction.on_commit(lambda: ring(run_job, job.pk))
    return bool(again)


def job_cancel(job: Job, *, by: Staff) -> bool:
    """End a waiting or running job; False if it has ended, or has just been committed.

    Its holder finds the lease gone within a second, and before its commit at the latest.
    """
    now = timezone.now()
    return bool(
        Job.unscoped.filter(pk=job.pk, is_settled=False)
        .open()
        .update(
            status=Job.Status.CANCELLED,
            lease=None,
            next_try_at=None,
            finished_at=now,
            cancelled_at=now,
            cancelled_by=by,
        )
    )


def wait_before(job_id: int, attempt: int) -> timedelta:
    """How long after this attempt the next one comes; of jobs that failed together not all at once."""
    seconds = min(LONGEST_WAIT, FIRST_WAIT * 2.0**attempt)
    return timedelta(seconds=seconds * random.Random(f"{job_id} {attempt}").uniform(0.9, 1.1))


def _try_later(job: Job, trouble: Exception) -> None:
    """Queue the job again for later; where even that cannot be written, its lease runs out."""
    log.warning("job tried later", trouble=type(trouble).__name__)
    if not isinstance(trouble, Transient):
        connection.close()
    with override(job.language), suppress(DatabaseError, InterfaceError, LeaseLost):
        why = str(trouble) if isinstance(trouble, Transient) else ""
        why = why or _("The database was busy or not to be reached.")
        if job.attempts >= MAX_ATTEMPTS:
            tried = _("This was tried %(n)s times.") % {"n": job.attempts}
            _finish(job, Job.Status.FAILED, error=f"{why} {tried}")
            return
        at = timezone.now() + wait_before(job.pk, job.attempts)
        then = _("Next try at %(time)s.") % {"time": f"{timezone.localtime(at):%H:%M:%S}"}
        _update_held(job, status=Job.Status.QUEUED, next_try_at=at, lease=None, message=f"{why} {then}"[:300])


def _claim(job_id: int) -> Job | None:
    now = timezone.now()
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    free = Q(due, status=Job.Status.QUEUED) | Q(status=Job.Status.RUNNING, heartbeat_at__lt=now - LEASE)
    lease = uuid.uuid4()
    claimed = Job.unscoped.filter(free, pk=job_id).update(
        status=Job.Status.RUNNING,
        lease=lease,
        worker=worker_name(),
        heartbeat_at=now,
        started_at=now,
        next_try_at=None,
        attempts=F("attempts") + 1,
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
            except (DatabaseError, InterfaceError):  # The second is no kind of the first.
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
