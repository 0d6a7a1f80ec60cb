from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dashboards import translations


class Command(BaseCommand):
    help = "Bring the Chinese catalogue up to date with the sources and compile it."
    # Models and URLs need not be sound for this.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--compile", action="store_true", help="only write the .mo file")
        only.add_argument("--check", action="store_true", help="only say what is missing or wrong")

    def handle(self, *args: Any, **options: Any) -> None:
        root = settings.BASE_DIR
        if options["compile"]:
            self.stdout.write(str(translations.compile_catalogue(root)))
            return
        texts = translations.source_texts(root)
        catalogue = translations.merged(texts, translations.load(root))
        if not options["check"]:
            translations.save(root, catalogue)
            translations.compile_catalogue(root)
        wrong = translations.problems(texts, catalogue)
        if wrong and options["check"]:
            raise CommandError("\n".join(wrong))
        self.stdout.write("\n".join([*wrong, f"{len(texts)} texts, {len(wrong)} to mend"]))
