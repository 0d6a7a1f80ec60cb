import os
import secrets
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config import embedded
from demo.chaos.machine import Machine, NotBack
from demo.chaos.plan import Plan, write_files
from demo.chaos.run import Broken, chaos

SIZES = {"kills": 30, "seed": 1, "stores": 9, "members": 3_000, "months": 8, "chapters": 4}
# Shorter than in earnest, so that a run takes minutes.
LEASE_SECONDS, TICK_SECONDS = 5, 1
NOT_TAKEN_OVER = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "UPLOAD_DIR", "HUIYAN_DB", "HUIYAN_REDIS_DB")


class Command(BaseCommand):
    help = (
        "Kill worker, beat, web, PostgreSQL and Valkey at random moments while a chain lives, and compare "
        "what is stored in the end with an undisturbed run. Everything happens in a home of its own."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, value in SIZES.items():
            parser.add_argument(f"--{name}", type=int, default=value)
        parser.add_argument("--home", type=Path, help="a folder for it all, which is kept")
        parser.add_argument("--inside", action="store_true", help="for the command's own use")

    def handle(self, *args: Any, home: Path | None, inside: bool, **options: Any) -> None:
        sizes = {name: options[name] for name in SIZES}
        if inside:
            self._run(**sizes)
        else:
            self._from_outside(home, sizes)

    def _from_outside(self, home: Path | None, sizes: dict[str, int]) -> None:
        """In a process of its own: the settings of this one are for the checkout's services."""
        place = home or Path(f"/var/tmp/huiyan-chaos-{os.getpid()}")
        given = [f"--{name}={value}" for name, value in sizes.items()]
        command = [sys.executable, "manage.py", "chaos", "--inside", *given]
        try:
            code = subprocess.call(command, cwd=settings.BASE_DIR, env=environment(place))
        finally:
            if home is None:
                shutil.rmtree(place, ignore_errors=True)
        if code:
            raise CommandError("Something was lost, doubled or wrong; see above.", returncode=code)

    def _run(self, *, kills: int, seed: int, **sizes: int) -> None:
        folder = Path(settings.LOCAL_DIR)
        plan = Plan(str(folder / "files"), timezone.localdate().isoformat(), seed=seed, **sizes)  # type: ignore[arg-type]
        write_files(plan)
        try:
            report = chaos(
                plan,
                kills=kills,
                seed=seed,
                machine=lambda database: Machine(database, folder),
                say=self._say,
            )
        except (Broken, NotBack) as trouble:
            raise CommandError(str(trouble)) from trouble
        finally:
            embedded.stop()
        self._say("\n".join(report.lines()))
        if not report.is_good:
            raise CommandError("The two runs do not agree, or a page was wrong.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def environment(home: Path) -> dict[str, str]:
    """Services, folders and keys that nothing else has."""
    own = {
        "HUIYAN_HOME": str(home),
        "HUIYAN_LOCAL_DIR": str(home / "local"),
        "SECRET_KEY": secrets.token_hex(32),
        "FIELD_KEY": secrets.token_hex(32),
        "JOB_LEASE_SECONDS": str(LEASE_SECONDS),
        "JOB_TICK_SECONDS": str(TICK_SECONDS),
        "PYTHONWARNINGS": "ignore",
    }
    return {name: value for name, value in os.environ.items() if name not in NOT_TAKEN_OVER} | own
