"""Files are kept and their import is queued."""

import os
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import transaction

from organization.jobs import job_create
from organization.models import Import, ImportKind, Source, Staff
from organization.services.audit import audit


def import_create(
    *, kind: str, file: "File[Any]", file_name: str, source: str, asked_by: Staff | None
) -> Import:
    """Keep an uploaded file and queue its import."""
    folder = Path(settings.MEDIA_ROOT)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{uuid.uuid4()}.upload"
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as target:
        for block in file.chunks():
            target.write(block)
    return _queue_import(kind=kind, path=path, file_name=file_name, source=source, asked_by=asked_by)


@transaction.atomic
def _queue_import(*, kind: str, path: Path, file_name: str, source: str, asked_by: Staff | None) -> Import:
    sender, _made = Source.objects.get_or_create(name=source)
    record = Import.unscoped.create(
        kind=kind, source=sender, file_name=file_name[:200], path=str(path), asked_by=asked_by
    )
    record.job = job_create(
        kind="import",
        label=f"{ImportKind(kind).label}: {file_name}"[:200],
        payload={"import": record.pk},
        asked_by=asked_by,
    )
    record.save(update_fields=["job"])
    audit(actor=asked_by, code="import.queued", on=record, data={"kind": kind, "file": file_name})
    return record


def quarantine_downloaded(*, record: Import, actor: Staff) -> None:
    """Note who took rows with personal data out of the system."""
    audit(actor=actor, code="import.rows_downloaded", on=record, data={"rows": record.quarantined})
