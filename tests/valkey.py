"""Each test process has a Valkey database of its own, and each run of several in one checkout has database
names of its own: both are chosen before anything reads the settings (see pyproject.toml)."""

import fcntl
import os
from typing import TextIO

from config.embedded import HOME

RUNS, PROCESSES = 4, 15  # Valkey has 64 databases; the first is the demo's.
_held: list[TextIO] = []


def _free_run() -> int:
    """The first number that no other run of this checkout holds; this one holds it until it ends."""
    HOME.mkdir(mode=0o700, exist_ok=True)
    for number in range(RUNS):
        file = (HOME / f"tests-{number}").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        _held.append(file)
        return number
    raise SystemExit(f"{RUNS} test runs are at work in this checkout already: wait until one has ended.")


# Processes of pytest-xdist inherit the number of their run.
RUN = int(os.environ.get("HUIYAN_TEST_RUN") or _free_run())
PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
os.environ["HUIYAN_TEST_RUN"] = str(RUN)
os.environ["HUIYAN_REDIS_DB"] = str(1 + RUN * PROCESSES + PROCESS)
if RUN:
    os.environ["HUIYAN_DB"] = f"huiyan_{RUN}"
