import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from config import serve
from demo.company import play
from demo.stage import worker
from demo.summary import summary
from organization.models import Store


class Command(BaseCommand):
    help = "Simulate a chain, take it through the whole loop, print what came out, and serve it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stores", type=int, default=60)
        parser.add_argument("--members", type=int, default=20_000)
        parser.add_argument("--months", type=int, default=18)
        parser.add_argument(
            "--anchor", type=date.fromisoformat, help="the day after the last sales; default today"
        )
        parser.add_argument("--serve", action="store_true")

    def handle(self, *args: Any, anchor: date | None, **options: Any) -> None:
        serve.prepare_database()
        folder = Path(settings.LOCAL_DIR) / "demo"
        truths = folder / "truths.json"
        if truths.exists() and Store.unscoped.exists():
            self.stdout.write("The demo chain is there already (`make clean` removes it).")
        else:
            self._build(folder, truths, anchor or timezone.localdate(), options)
        planted = {int(key): value for key, value in json.loads(truths.read_text()).items()}
        self.stdout.write("\n" + "\n".join(summary(planted)))
        if options["serve"]:
            serve.main(demo=True)

    def _build(self, folder: Path, truths: Path, anchor: date, options: dict[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        sizes = {name: options[name] for name in ("stores", "members", "months")}
        with worker():
            story = play(**sizes, anchor=anchor, folder=folder, say=self.stdout.write)
        truths.write_text(json.dumps(story.truths))
