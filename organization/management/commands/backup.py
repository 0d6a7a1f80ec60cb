from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from organization.backup.archive import BackupError
from organization.backup.create import backup_create


class Command(BaseCommand):
    help = "Write database and uploads into one archive; everything may go on meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", type=Path, help="a file, or a folder for a file named by the time")

    def handle(self, *args: Any, target: Path, **options: Any) -> None:
        try:
            path, manifest = backup_create(target)
        except BackupError as error:
            raise CommandError(str(error)) from None
        gone = len(manifest.missing_uploads)
        self.stdout.write(
            f"{path}: {sum(manifest.tables.values()):,} rows in {len(manifest.tables)} tables, "
            f"{len(manifest.parts) - 1} uploads, {path.stat().st_size / 1e6:,.1f} MB"
            + (f"; {gone} uploads are no longer there and are listed in the manifest" if gone else "")
        )
