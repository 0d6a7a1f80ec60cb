"""One Valkey database per test process, chosen before anything reads the settings (see pyproject.toml)."""

import os

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
os.environ["HUIYAN_REDIS_DB"] = str(1 + int(WORKER.removeprefix("gw")))
