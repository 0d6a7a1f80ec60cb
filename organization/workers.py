"""Workers say that they live, and hand back what they hold when they are told to stop.

Both are done by threads of the worker's main process with connections of their own: its children
may be deep in a stage, and the beat may be dead.
"""

import logging
import os
import socket
import threading
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import F
from django.utils import timezone

from organization.models import Job, WorkerBeat

logger = logging.getLogger(__name__)
BEAT_SECONDS = 15
FORGOTTEN_AFTER = timedelta(days=1)
_name = ""
_stop = threading.Event()


def worker_name() -> str:
    """This worker on this machine, the same in all its processes."""
    return _name or _own_name()


def worker_begin(**_signal: Any) -> None:
    """Before the pool is forked, so that its processes know the name too."""
    global _name
    _name = _own_name()
    _stop.clear()


def worker_live(**_signal: Any) -> None:
    threading.Thread(target=_say_so, name="heartbeat", daemon=True).start()


def worker_stop(**_signal: Any) -> None:
    """Running jobs get a moment to end by themselves; then they are free for the next worker."""
    threading.Thread(target=_leave, name="hand-back", daemon=True).start()


def worker_ended(**_signal: Any) -> None:
    _stop.set()


def jobs_hand_back(worker: str) -> list[int]:
    """Ids of the jobs a worker still holds; the next worker may have them at once."""
    held = Job.unscoped.filter(worker=worker, status=Job.Status.RUNNING)
    ids = list(held.values_list("pk", flat=True))
    # To be stopped by who runs the machine is no failed attempt.
    freed = {"status": Job.Status.QUEUED, "lease": None, "next_try_at": timezone.now()}
    held.filter(pk__in=ids).update(**freed, attempts=F("attempts") - 1)
    return ids


def _own_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _say_so() -> None:
    from organization.watch import check
    from organization.watch.recording import know_all

    began = timezone.now()
    while True:
        try:
            know_all()
            # A container that was killed comes back under the same name and finds its old row.
            alive = {"seen_at": timezone.now(), "started_at": began}
            WorkerBeat.unscoped.update_or_create(name=_name, defaults=alive)
            WorkerBeat.unscoped.filter(seen_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()
            check()
        except (DatabaseError, InterfaceError) as fault:
            logger.warning("The heartbeat could not be written: %s.", type(fault).__name__)
        finally:
            connection.close()
        if _stop.wait(BEAT_SECONDS):
            return


def _leave() -> None:
    from organization.jobs import ring
    from organization.tasks import run_job

    _stop.set()
    patience = time.monotonic() + settings.WORKER_GRACE_SECONDS
    try:
        mine = Job.unscoped.filter(worker=_name, status=Job.Status.RUNNING)
        while mine.exists() and time.monotonic() < patience:
            time.sleep(0.2)
        for job_id in jobs_hand_back(_name):
            ring(run_job, job_id)
        WorkerBeat.unscoped.filter(name=_name).delete()
    except (DatabaseError, InterfaceError) as fault:
        logger.warning("Jobs could not be handed back: %s.", type(fault).__name__)
    finally:
        connection.close()
