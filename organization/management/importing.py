"""`manage.py import_… FILE`: the same job as an upload, carried out here and now."""

import time
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from organization.jobs import job_run
from organization.models import Import, Job
from organization.services import import_create


class ImportCommand(BaseCommand):
    kind: str

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", default="POS", help="the system that wrote the file")

    def handle(self, *args: Any, file: Path, source: str, **options: Any) -> None:
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        record = import_now(kind=self.kind, file=file, source=source)
        self.stdout.write(
            f"read {record.read:,} = added {record.added:,} + updated {record.updated:,} + unchanged "
            f"{record.unchanged:,} + ignored {record.ignored:,} + quarantined {record.quarantined:,}"
        )


def import_now(*, kind: str, file: Path, source: str) -> Import:
    """Run an import to its end, whoever does it: this process or a worker that was quicker."""
    with file.open("rb") as handle:
        record = import_create(
            kind=kind, file=File(handle), file_name=file.name, source=source, asked_by=None
        )
    assert record.job is not None
    job_run(record.job.pk)
    job = Job.unscoped.get(pk=record.job.pk)
    while job.is_open:
        time.sleep(0.5)
        job.refresh_from_db()
    if job.status == Job.Status.FAILED:
        raise CommandError(job.error)
    record.refresh_from_db()
    return record
