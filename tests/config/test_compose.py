"""The compose file hands every setting over, and every folder that is written to is a volume."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
COMPOSE = (ROOT / "docker-compose.yml").read_text()
APP = COMPOSE.partition("services:")[0]
HANDED_OVER = set(re.findall(r"^    ([A-Z_]+): ", APP, re.MULTILINE))
# Of laptops and of the demo only; the last two go with the times compose leaves a worker.
NOT_FOR_PRODUCTION = {
    "DEBUG", "HUIYAN_DB", "HUIYAN_REDIS_DB", "HUIYAN_LOCAL_DIR", "HUIYAN_DEMO", "MFA_REQUIRED",
    "WORKER_GRACE_SECONDS", "JOB_LEASE_SECONDS",
}  # fmt: skip


def test_every_setting_reaches_the_containers() -> None:
    source = (ROOT / "config/settings.py").read_text()
    known = set(re.findall(r'(?:env\.\w+|_local_secret)\(\s*"([A-Z_]+)"', source))
    assert len(known) > 20
    assert known - NOT_FOR_PRODUCTION - HANDED_OVER == set()
    assert HANDED_OVER - known == {"WEB_WORKERS"}


@pytest.mark.parametrize("name", ["UPLOAD_DIR", "MAIL_DIR"])
def test_what_is_written_to_is_a_volume_of_the_account_that_writes(name: str) -> None:
    found = re.search(rf"^    {name}: (/data/(\w+))$", APP, re.MULTILINE)
    assert found, name
    folder, volume = found.groups()
    assert f"    - {volume}:{folder}\n" in APP
    assert f"  {volume}:\n" in COMPOSE.rpartition("\nvolumes:\n")[2]
    made = re.search(r"install -d .*-o huiyan (.*)", (ROOT / "Dockerfile").read_text())
    assert made and folder in made[1].split()
