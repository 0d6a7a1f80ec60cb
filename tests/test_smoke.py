import re
from pathlib import Path

import pytest
from django.conf import settings


@pytest.mark.parametrize("name", ["supervisord.conf", "docker-compose.yml", "Dockerfile"])
def test_it_serves_with_threads_so_that_a_slow_upload_is_not_cut_off(name: str) -> None:
    command = re.search("gunicorn.+", (Path(settings.BASE_DIR) / name).read_text())
    assert command and "--threads" in command[0]
