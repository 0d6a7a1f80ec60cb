import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from organization.backup.archive import BackupError
from organization.backup.restore import backup_check, backup_restore, database_is_used


class Command(BaseCommand):
    help = "Put a backup into an empty database, or with --replace in the place of what is there."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="give up everything that is there")
        parser.add_argument("--yes", metavar="NAME", default="", help="the database's name, not typed")

    def handle(self, *args: Any, file: Path, replace: bool, yes: str, **options: Any) -> None:
        name = str(connection.settings_dict["NAME"])
        try:
            manifest = backup_check(file)
            if database_is_used():
                self._confirm(name, replace=replace, typed=yes)
            backup_restore(file, manifest)
        except BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"Restored {file.name} of {manifest.made_at[:16]}: all {len(manifest.tables)} tables hold the "
            f"{sum(manifest.tables.values()):,} rows of the manifest; {len(manifest.parts) - 1} uploads."
        )

    def _confirm(self, name: str, *, replace: bool, typed: str) -> None:
        if not replace:
            raise BackupError(
                f"The database {name} is in use. --replace gives up everything in it. Nothing was changed."
            )
        if not typed and sys.stdin.isatty():
            typed = input(f"Everything in {name} will be given up. Type its name to go on: ")
        if typed != name:
            raise BackupError(f"The name typed is not {name} (--yes NAME). Nothing was changed.")
