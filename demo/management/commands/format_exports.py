from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from demo.formats import write_formats
from demo.simulator import simulate


class Command(BaseCommand):
    help = "Write a simulated chain in every format that is known: retail terminal messages, scan data."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--stores", type=int, default=6)
        parser.add_argument("--members", type=int, default=400)
        parser.add_argument("--months", type=int, default=3)
        parser.add_argument("--anchor", type=date.fromisoformat, help="the day after the last sales")

    def handle(self, *args: Any, folder: Path, anchor: date | None, **options: Any) -> None:
        sizes = {name: options[name] for name in ("stores", "members", "months")}
        files = write_formats(simulate(**sizes, anchor=anchor or timezone.localdate()), folder)
        self.stdout.write(f"{len(files)} files in {folder}")
