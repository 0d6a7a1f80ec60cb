from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from demo.awful import write_awful


class Command(BaseCommand):
    help = "Write exports as awful as shops send them: what is read, counted and refused."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        self.stdout.write(f"{len(write_awful(folder))} files in {folder}")
