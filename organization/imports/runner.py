"""One file in, as a job. Each kind of file is registered by the app that owns its rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import gettext as _

from organization.imports.choosing import layout_of, other_kind
from organization.imports.columns import Column, match_header
from organization.imports.corrections import companions_fetch
from organization.imports.memory import give_back
from organization.imports.reading import Layout, Source, Unmapped
from organization.imports.samples import sample_ensure
from organization.imports.tally import Tally, save_tally
from organization.jobs import JobError, Progress
from organization.models import Import, Job
from organization.sealing import SealedFile

# One import at a time: two of the same file then cannot both add a row.
LOCK = 7_401


@dataclass(frozen=True)
class Importer:
    columns: tuple[Column, ...]
    merge: Callable[[Import, Source, Layout, Progress], Tally]
    # Invented rows for the file to fill in, by the names of the columns.
    examples: tuple[Mapping[str, object], ...] = ()
    # Columns that are alike in rows that are one thing, as the lines of a receipt: where one of them
    # is corrected, the others come with it.
    whole_by: tuple[str, ...] = ()


_importers: dict[str, Importer] = {}


def register(kind: str, importer: Importer) -> None:
    _importers[kind] = importer


def importer_of(kind: str) -> Importer:
    return _importers[kind]


def column_labels(kind: str) -> dict[str, str]:
    """What a page calls the columns of a kind of file."""
    return {column.name: str(column.label) for column in _importers[kind].columns}


def import_run(job: Job, progress: Progress) -> None:
    """Job handler. One transaction: a killed import leaves nothing behind and starts again."""
    from organization.imports.checking import import_check

    record = Import.unscoped.get(pk=job.payload["import"])
    if record.finished_at:
        return  # It was committed, and its worker died before it could say so.
    companions_fetch(record, _importers[record.kind].columns, _importers[record.kind].whole_by)
    try:
        if job.payload.get("check"):
            import_check(job, record, progress)
        else:
            _import(record, progress)
    except Unmapped:
        _ask_for_columns(job.payload["import"])
        raise


def _import(record: Import, progress: Progress) -> None:
    with transaction.atomic():
        import_merge(record, progress)
        # What a check said would happen has happened: its sample of rows is for nobody any more.
        Import.unscoped.filter(pk=record.pk).update(report=None)
        progress.confirm()
    progress.say(_("Finished"))


def _ask_for_columns(pk: int) -> None:
    """Note that the file is well, and only its columns are not understood."""
    record = Import.unscoped.get(pk=pk)
    record.needs_mapping = True
    record.save(update_fields=["needs_mapping"])
    sample_ensure(record, _importers[record.kind].columns)


def import_merge(record: Import, progress: Progress) -> Tally:
    """All of an import, in the caller's transaction."""
    from organization.imports.undo import keeps_journal

    importer, file = _importers[record.kind], SealedFile(Path(record.path))
    if not file.path.is_file():
        raise JobError(_("The uploaded file is no longer there; upload it again."))
    progress.say(_("Looking at the file"))
    layout = layout_of(record, file, importer.columns)
    _check_kind(record.kind, layout)
    give_back()
    imports_hold()
    tally = importer.merge(record, file, layout, progress)
    if not tally.read:
        raise JobError(_("The file has column names but no rows."))
    progress.say(_("Writing what was set aside"))
    record.is_journaled = keeps_journal(record.kind)
    save_tally(record, tally, file, layout)
    return tally


def imports_hold(*, wait: bool = True) -> bool:
    """Keep imports out until this transaction ends; without `wait`, False while one runs."""
    function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [LOCK])
        return wait or bool(cursor.fetchone()[0])


def _check_kind(chosen: str, layout: Layout) -> None:
    """A file of sales has every column a file of members must have; its other columns tell."""
    for kind, importer in _importers.items():
        positions, _unused = match_header(layout.header, importer.columns)
        fits = all(column.name in positions for column in importer.columns if column.required)
        if fits and len(positions) > len(layout.positions):
            raise other_kind(kind, chosen)
