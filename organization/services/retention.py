"""What was uploaded is kept for a while and then forgotten; what came of it stays."""

import time
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from organization.imports.undo import journals_forget
from organization.models import Import, Job, QuarantinedRow
from organization.services.audit import audit
from organization.uploads import stored_files

ORPHAN_SECONDS = 24 * 3600


def kept_until(record: Import) -> datetime | None:
    """When the file and the rows set aside of an ended import will be deleted."""
    ended = record.finished_at or (record.job and record.job.finished_at)
    return ended + timedelta(days=settings.RETENTION_DAYS) if ended else None


def uploads_forget() -> dict[str, int]:
    """Delete files and rows set aside whose time is over, failed imports as a whole, and orphans."""
    with transaction.atomic():
        over, failed = _over(), _failed()
        counts = {"rows": QuarantinedRow.unscoped.filter(source_import__in=over).delete()[0]}
        paths = [Path(record.path) for record in [*over, *failed]]
        counts |= {"imports": len(over), "failed": len(failed)}
        counts["before"] = journals_forget(over)
        _forget(over, failed)
        # Files go last: after a fault here the rows are still there, and the next night tries again.
        counts["files"] = sum(map(_delete, paths))
        counts["orphans"] = sum(map(_delete, _orphans()))
        if any(counts.values()):
            audit(actor=None, code="import.uploads_forgotten", data=counts)
    return counts


def _ended_before() -> datetime:
    return timezone.now() - timedelta(days=settings.RETENTION_DAYS)


def _over() -> list[Import]:
    ended = Import.unscoped.filter(finished_at__lt=_ended_before(), forgotten_at__isnull=True)
    return list(ended.select_for_update(of=("self",), skip_locked=True).order_by("pk"))


ENDED = (Job.Status.FAILED, Job.Status.CANCELLED, Job.Status.DONE)


def _failed() -> list[Import]:
    """Imports that came to nothing and checks nobody acted on; who does so in time keeps them."""
    jobs = Job.unscoped.annotate(ended=Coalesce("finished_at", "created_at"))
    dead = jobs.filter(Q(kind="import", status__in=ENDED), ended__lt=_ended_before())
    failed = Import.unscoped.filter(finished_at__isnull=True, job__in=dead)
    return list(failed.select_for_update(of=("self",), skip_locked=True).order_by("pk"))


def _forget(over: list[Import], failed: list[Import]) -> None:
    Import.unscoped.filter(pk__in=[record.pk for record in over]).update(forgotten_at=timezone.now())
    jobs = [record.job_id for record in failed if record.job_id]
    Import.unscoped.filter(pk__in=[record.pk for record in failed]).delete()
    Job.unscoped.filter(pk__in=jobs).delete()


def _delete(path: Path) -> bool:
    there = path.exists()
    path.unlink(missing_ok=True)
    return there


def _orphans() -> list[Path]:
    """Files older than a day that no import names: a request that broke off, a transaction undone."""
    known = set(Import.unscoped.values_list("path", flat=True))
    old = time.time() - ORPHAN_SECONDS
    return [path for path in stored_files() if str(path) not in known and path.stat().st_mtime < old]
