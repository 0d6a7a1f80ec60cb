"""Files are kept and their import is queued."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from organization.imports.undo import KIND, obstacles
from organization.jobs import Progress, job_create
from organization.models import Import, ImportKind, QuarantinedRow, Source, Staff, Store
from organization.numbers import without_numbers
from organization.sealing import SealedWriter
from organization.services.audit import audit
from organization.services.refusal import Refusal
from organization.uploads import KEPT, SealedUpload, new_path

LOOKED_AT = 2_000  # rows set aside at a time


def import_create(
    *,
    kind: str,
    file: "File[Any]",
    file_name: str,
    source: str,
    asked_by: Staff | None,
    check_first: bool = False,
    shape: str = "",
    store: Store | None = None,
) -> Import:
    """Keep an uploaded file and queue its import, or a check of it that writes nothing.

    `shape` names a built-in shape, "" has it recognised; `store` is whose rows are that name none.
    """
    path = seal_upload(file)
    with transaction.atomic():
        sender, _made = Source.objects.get_or_create(name=source)
        record = Import.unscoped.create(
            kind=kind,
            source=sender,
            file_name=without_numbers(file_name)[:200],
            path=str(path),
            asked_by=asked_by,
            shape=shape,
            store=store,
        )
        give_job(record, asked_by, check=check_first)
        audit(actor=asked_by, code="import.queued", on=record, data={"kind": kind, "file": record.file_name})
    return record


def seal_upload(file: "File[Any]") -> Path:
    """Where a file lies, sealed, for good."""
    if isinstance(file, SealedUpload):
        return file.keep()
    with SealedWriter(new_path(KEPT)) as target:
        for block in file.chunks():
            target.write(block)
    return target.path


def give_job(record: Import, asked_by: Staff | None, *, check: bool) -> None:
    """Queue the work on an import, or a check of it."""
    record.job = job_create(
        kind="import",
        label=f"{ImportKind(record.kind).label}: {record.file_name}"[:200],
        payload={"import": record.pk, "check": True} if check else {"import": record.pk},
        asked_by=asked_by,
    )
    record.save(update_fields=["job"])


@transaction.atomic
def import_confirm(*, record: Import, actor: Staff) -> bool:
    """Import a file that was checked; False if it no longer waits for that."""
    record = Import.unscoped.select_for_update(of=("self",)).select_related("job").get(pk=record.pk)
    if not record.is_waiting:
        return False
    give_job(record, actor, check=False)
    audit(actor=actor, code="import.confirmed", on=record)
    return True


@transaction.atomic
def import_discard(*, record: Import, actor: Staff) -> bool:
    """Delete a file that was checked or cannot be read; False if it no longer waits for that."""
    record = Import.unscoped.select_for_update(of=("self",)).select_related("job").get(pk=record.pk)
    if not (record.is_waiting or record.asks_for_columns):
        return False
    record.discarded_at, record.report, record.sample = timezone.now(), None, None
    record.save(update_fields=["discarded_at", "report", "sample"])
    audit(actor=actor, code="import.discarded", on=record)
    transaction.on_commit(lambda: Path(record.path).unlink(missing_ok=True))
    return True


@transaction.atomic
def import_undo(*, record: Import, actor: Staff) -> bool:
    """Queue the undo of an import; False while one is queued. Raises Refusal, with what depends on it."""
    record = Import.unscoped.select_for_update(of=("self",)).select_related("undo_job").get(pk=record.pk)
    if record.is_being_undone:
        return False
    if found := obstacles(record):
        raise Refusal(" ".join(found))
    record.undo_job = job_create(
        kind=KIND,
        label=(_("Undo: %(file)s") % {"file": record.file_name})[:200],
        payload={"import": record.pk},
        asked_by=actor,
    )
    record.save(update_fields=["undo_job"])
    audit(actor=actor, code="import.undo_asked", on=record, data={"kind": record.kind})
    return True


def quarantine_forget(*, where: Callable[[list[str]], bool], progress: Progress) -> int:
    """Delete every row set aside whose cells fit, within a job; how many there were."""
    all_rows, found = QuarantinedRow.unscoped.count(), []
    rows = QuarantinedRow.unscoped.only("value", "raw").iterator(chunk_size=LOOKED_AT)
    for done, row in enumerate(rows):
        if where([row.value, *json.loads(row.raw or "[]")]):
            found.append(row.pk)
        if done % LOOKED_AT == 0:
            progress.step(done, all_rows)
    QuarantinedRow.unscoped.filter(pk__in=found).delete()
    return len(found)


def quarantine_downloaded(*, record: Import, actor: Staff) -> None:
    """Note who took rows with personal data out of the system."""
    audit(actor=actor, code="import.rows_downloaded", on=record, data={"rows": record.quarantined})
