"""A machine with the real processes: PostgreSQL, Valkey, and web, worker and beat under their supervisor."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from django.conf import settings
from redis import Redis, RedisError

from config import embedded

STARTS_WITHIN_SECONDS = 120
PAUSE_SECONDS = 0.05
# A word of the command line by which each program under the supervisor is known.
PROGRAMS = {"web": "gunicorn", "worker": "worker", "beat": "beat"}


class NotBack(Exception):
    """Something that was killed did not come back."""


@dataclass(frozen=True)
class Machine:
    """Works on the services of this process's own settings, in a database of its own."""

    database: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        own = {"HUIYAN_DB": self.database, "HUIYAN_LOCAL_DIR": str(self.folder), "PYTHONWARNINGS": "ignore"}
        return os.environ | own

    @property
    def log(self) -> Path:
        return self.folder / f"{self.database}.log"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Everything is up while the body runs, and answers at its beginning."""
        self.folder.mkdir(parents=True, exist_ok=True)
        embedded.start()
        self.broker.flushdb()
        with self.log.open("w") as log:
            command = [sys.executable, "-m", "config.serve"]
            serve = subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=self.environment, stdout=log, stderr=log
            )
        try:
            self.wait_until(lambda: self.web_answers() and self.works_since(0), "The machine")
            yield
        finally:
            self._stop(serve)

    def _stop(self, serve: "subprocess.Popen[bytes]") -> None:
        with suppress(OSError, ValueError, psutil.Error):
            supervisor = self._supervisor()
            supervisor.terminate()
            supervisor.wait(60)
        if serve.poll() is None:
            serve.terminate()
        serve.wait()

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not is_so():
            if time.monotonic() > deadline:
                raise NotBack(f"{what} does not answer; see {self.log}.")
            time.sleep(PAUSE_SECONDS)

    @property
    def broker(self) -> "Redis":
        return Redis.from_url(settings.REDIS_URL, socket_timeout=2)

    @property
    def address(self) -> str:
        return (self.folder / "address").read_text()

    def web_answers(self) -> bool:
        with suppress(OSError, urllib.error.URLError):  # Also while it has not said yet where it is.
            answer = urllib.request.urlopen(f"{self.address}healthz", timeout=2)
            answer.close()
            return bool(answer.status == 200)
        return False

    def works_since(self, moment: float) -> bool:
        """Whether beat has rung and a worker has ticked since."""
        with suppress(psycopg2.Error):
            found = self._asked("SELECT extract(epoch FROM finished_at) FROM organization_scheduledtask"
                                " WHERE name = 'tick'")  # fmt: skip
            return bool(found and found[0] and float(found[0]) > moment)
        return False

    def broker_answers(self) -> bool:
        with suppress(RedisError, OSError):
            return bool(self.broker.ping())
        return False

    def database_answers(self) -> bool:
        with suppress(psycopg2.Error):
            return self._asked("SELECT 1") is not None
        return False

    def _asked(self, query: str) -> tuple[Any, ...] | None:
        """The first row, by a connection of its own: the machine's database is not this process's."""
        owner = embedded.OWNER.pw_name
        there = psycopg2.connect(dbname=self.database, user=owner, host=str(embedded.HOME))
        with closing(there), there.cursor() as cursor:
            cursor.execute(query)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row

    def program(self, name: str) -> psutil.Process | None:
        """The main process of a program under the supervisor; None between two lives."""
        for process in self._supervisor().children():
            with suppress(psutil.Error):
                if any(word.rpartition("/")[2] == PROGRAMS[name] for word in process.cmdline()):
                    return process
        return None

    def _supervisor(self) -> psutil.Process:
        return psutil.Process(int((self.folder / "supervisord.pid").read_text()))


def kill(*processes: psutil.Process) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)


def server() -> psutil.Process:
    """The main process of PostgreSQL."""
    return psutil.Process(int((embedded.DATA / "postmaster.pid").read_text().split()[0]))
