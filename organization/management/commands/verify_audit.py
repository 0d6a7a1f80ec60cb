from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from organization.services.audit import heads_noted
from organization.trail.verification import Head, head_from, verify


class Command(BaseCommand):
    help = "Prove that no event of the audit trail was changed, removed, put in or moved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--expect", metavar="SEQ:HASH", help="a head printed earlier, which must still be in the chain"
        )

    def handle(self, *args: Any, expect: str | None, **options: Any) -> None:
        noted = heads_noted()
        if expect:
            head = _head(expect)
            noted.append((head.seq, head.hash))
        verdict = verify(noted=noted)
        for found in verdict.breaks:
            self.stdout.write(str(found))
        self.stdout.write(f"Head {verdict.head}")
        if verdict.breaks:
            raise CommandError(f"The audit trail is broken in {len(verdict.breaks)} places.")
        self.stdout.write(f"The audit trail is whole: {verdict.head.seq} events.")


def _head(text: str) -> Head:
    try:
        return head_from(text)
    except ValueError:
        raise CommandError("--expect takes a head as this command prints it, SEQ:HASH.") from None
