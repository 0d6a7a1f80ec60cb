from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from config import serve
from demo.journey_company import load
from demo.stage import worker
from demo.summary import summary
from sales.models import Receipt


class Command(BaseCommand):
    help = "Take the Complete Journey data through the whole loop, print what came out, and serve it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--serve", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        serve.prepare_database()
        if Receipt.unscoped.exists():
            self.stdout.write("The Complete Journey data is there already.")
        else:
            with worker():
                load(folder=Path(settings.LOCAL_DIR) / "files", say=self.stdout.write)
        self.stdout.write("\n" + "\n".join(summary({})))
        if options["serve"]:
            serve.main(demo=True)
