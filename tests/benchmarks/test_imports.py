"""The benchmark itself, on a small file: it would fail where an import does not do all of its work."""

import json
import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from benchmarks.sales_file import sales_file

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
COMMAND = ["imports", "--lines", "4000", "--present", "2000", "--peer-rows", "200", "--rounds", "1"]


def test_it_measures_an_import_against_its_peers(tmp_path: Path) -> None:
    environment = os.environ | {"HUIYAN_DB": f"test_{WORKER}", "HUIYAN_LOCAL_DIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", *COMMAND],
        cwd=settings.BASE_DIR,
        env=environment | {"FIELD_KEY": settings.FIELD_KEY},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures = json.loads(run.stdout)
    assert figures.pop("lines") == 4_000
    assert set(figures) == {
        *("seconds", "lines_per_s", "copy_s", "ratio_vs_copy", "peak_rss_mb", "again_s"),
        *("import_export_rows_per_s", "speedup_vs_import_export", "ratio_5m"),
    }
    assert all(figure > 0 for figure in figures.values())


def test_its_file_is_the_same_every_time(tmp_path: Path) -> None:
    first, second = (sales_file(tmp_path / name, 2_000).read_bytes() for name in ("a", "b"))
    assert first == second and first.count(b"\n") == 2_001
