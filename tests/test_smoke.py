import re
import runpy
from pathlib import Path

import pytest
from django.conf import settings


@pytest.mark.parametrize("name", ["supervisord.conf", "docker-compose.yml", "Dockerfile"])
def test_it_serves_by_one_set_of_options(name: str) -> None:
    command = re.search("gunicorn.+", (Path(settings.BASE_DIR) / name).read_text())
    assert command and "config/gunicorn.py" in command[0]


def test_it_serves_with_threads_so_that_a_slow_upload_is_not_cut_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HUIYAN_LOCAL_DIR", str(tmp_path))
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    (tmp_path / "huiyan-metrics").mkdir()
    (tmp_path / "huiyan-metrics/counter_1.db").touch()
    options = runpy.run_path(str(Path(settings.BASE_DIR) / "config/gunicorn.py"))
    assert options["threads"] > 1
    assert options["accesslog"] is None
    assert not list((tmp_path / "huiyan-metrics").iterdir())
