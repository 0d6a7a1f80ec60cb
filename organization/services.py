"""Writes of this app; `audit` is called by every other app's services too."""

import os
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import models, transaction

from organization.jobs import job_create, job_retry
from organization.models import AuditEvent, Import, ImportKind, Job, Region, Source, Staff, Store


def audit(*, actor: Staff | None, code: str, on: models.Model, data: dict[str, Any] | None = None) -> None:
    """Record a change; call it inside the transaction that makes the change."""
    AuditEvent.objects.create(
        actor=actor, code=code, object_type=on._meta.label_lower, object_id=on.pk, data=data or {}
    )


@transaction.atomic
def region_ensure(*, names: list[str], names_en: list[str] | None = None) -> Region:
    """The region at the end of a path of names from the root; missing ones are made."""
    parent: Region | None = None
    for depth, name in enumerate(names):
        name_en = names_en[depth] if names_en and depth < len(names_en) else ""
        region, made = Region.objects.get_or_create(parent=parent, name=name, defaults={"name_en": name_en})
        if made:
            region.path = f"{parent.path if parent else '/'}{region.pk}/"
            region.save(update_fields=["path"])
        parent = region
    assert parent is not None, "a region path has at least one name"
    return parent


@transaction.atomic
def staff_create(
    *,
    username: str,
    password: str,
    role: str,
    name: str = "",
    stores: list[Store] | None = None,
    regions: list[Region] | None = None,
    actor: Staff | None = None,
) -> Staff:
    staff: Staff = Staff.objects.create_user(username=username, password=password, role=role, first_name=name)
    staff.stores.set(stores or [])
    staff.regions.set(regions or [])
    audit(actor=actor, code="staff.created", on=staff, data={"role": role})
    return staff


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
    record = Import.objects.create(
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


@transaction.atomic
def job_run_again(*, job: Job, actor: Staff) -> bool:
    """Queue a failed job once more; False if it is not failed (any more)."""
    again = job_retry(job)
    if again:
        audit(actor=actor, code="job.retried", on=job, data={"kind": job.kind})
    return again


def quarantine_downloaded(*, record: Import, actor: Staff) -> None:
    """Note who took rows with personal data out of the system."""
    audit(actor=actor, code="import.rows_downloaded", on=record, data={"rows": record.quarantined})
