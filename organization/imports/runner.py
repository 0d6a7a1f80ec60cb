"""One file in, as a job. Each kind of file is registered by the app that owns its rows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import gettext as _

from organization.imports.columns import Column
from organization.imports.reading import Layout, detect_layout
from organization.imports.tally import Tally, save_tally
from organization.jobs import JobError, Progress
from organization.models import Import, Job

# One import at a time: two of the same file then cannot both add a row.
LOCK = 7_401


@dataclass(frozen=True)
class Importer:
    columns: tuple[Column, ...]
    merge: Callable[[Import, Path, Layout, Progress], Tally]


_importers: dict[str, Importer] = {}


def register(kind: str, importer: Importer) -> None:
    _importers[kind] = importer


def column_labels(kind: str) -> dict[str, str]:
    """What a page calls the columns of a kind of file."""
    return {column.name: str(column.label) for column in _importers[kind].columns}


def import_run(job: Job, progress: Progress) -> None:
    """Job handler. One transaction: a killed import leaves nothing behind and starts again."""
    record = Import.objects.get(pk=job.payload["import"])
    importer, path = _importers[record.kind], Path(record.path)
    if not path.exists():
        raise JobError(_("The uploaded file is no longer there; upload it again."))
    progress.say(_("Looking at the file"))
    layout = detect_layout(path, importer.columns)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        tally = importer.merge(record, path, layout, progress)
        if not tally.read:
            raise JobError(_("The file has column names but no rows."))
        progress.say(_("Writing what was set aside"))
        save_tally(record, tally, path, layout)
        progress.confirm()
    progress.say(_("Finished"))
