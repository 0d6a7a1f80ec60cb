"""Rows set aside are sent again, in a file or from the page that shows them."""

from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _

from organization.imports.choosing import NAMES
from organization.imports.corrections import Corrected, read_corrected, rows_as_sent, write_rows
from organization.jobs import JobError
from organization.models import Import, Staff
from organization.sealing import SealedFile
from organization.services.audit import audit
from organization.services.imports import give_job, seal_upload
from organization.services.refusal import Refusal


def import_correct(*, record: Import, file: "File[Any]", actor: Staff, check_first: bool = False) -> Import:
    """Take in a file of rows set aside that somebody mended; `Refusal` if it is another file."""
    path = seal_upload(file)
    try:
        found = read_corrected(SealedFile(path), record)
    except JobError as error:
        raise Refusal(str(error)) from None
    finally:
        path.unlink(missing_ok=True)
    return _queue(record, found, actor, check_first=check_first)


def rows_correct(*, record: Import, cells: dict[int, dict[int, str]], actor: Staff) -> Import:
    """Send rows again with the cells that were typed anew, by row and place."""
    there = rows_as_sent(record, cells)
    if not there:
        raise Refusal(_("None of these rows is still set aside."))
    rows = [[cells[number].get(at, cell) for at, cell in enumerate(row)] for number, row in there.items()]
    return _queue(record, Corrected(rows, list(there)), actor, check_first=False)


def rows_send_again(*, record: Import, actor: Staff) -> Import:
    """Send all rows set aside again as they are: what they lacked may be here by now."""
    there = rows_as_sent(record)
    if not there:
        raise Refusal(_("None of these rows is still set aside."))
    return _queue(record, Corrected(list(there.values()), list(there)), actor, check_first=False)


def _queue(record: Import, found: Corrected, actor: Staff, *, check_first: bool) -> Import:
    """A new import that is read as the first one was; no value of a cell is in the trail."""
    path = write_rows(record.reading["header"], found.rows)
    try:
        return _made(record, found, path, actor, check_first=check_first)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@transaction.atomic
def _made(record: Import, found: Corrected, path: Path, actor: Staff, *, check_first: bool) -> Import:
    again = Import.unscoped.create(
        kind=record.kind,
        source=record.source,
        store=record.store,
        file_name=record.file_name,
        path=str(path),
        asked_by=actor,
        corrects=record,
        corrected_rows=[[record.pk, number] for number in found.numbers],
        shape=record.shape or NAMES,
        mapping=record.mapping,
        profile=record.profile,
    )
    give_job(again, actor, check=check_first)
    data = {"rows": len(found.rows), "corrects": record.pk}
    audit(actor=actor, code="import.rows_corrected", on=again, data=data)
    return again
