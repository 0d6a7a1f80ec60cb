from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from organization.checks import refuse_wrong_keys
from organization.rotation import rotate, values_under_old_keys


class Command(BaseCommand):
    help = (
        "Seal everything anew with FIELD_KEY. Before: set the new FIELD_KEY, put the old one into "
        "OLD_FIELD_KEYS, restart every process. May be stopped and run again at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only say how many values still need an old key"
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        refuse_wrong_keys()
        if not check:
            rotate(self.stdout.write)
        left = {name: count for name, count in values_under_old_keys().items() if count}
        for name, count in left.items():
            self.stdout.write(f"{name}: {count:,} values still need an old key")
        if left and not check:
            raise CommandError(
                "Values were written with an old key meanwhile: restart every process, run again."
            )
        if not left:
            self.stdout.write(_ended())


def _ended() -> str:
    if settings.OLD_FIELD_KEYS:
        return "No value needs an old key. OLD_FIELD_KEYS may be emptied; keep old keys only for old backups."
    return "No value needs an old key."
