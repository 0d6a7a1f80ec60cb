"""The benchmark itself, on few receipts: it would fail where a night does not do all of its work."""

import json
import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
COMMAND = ["nightly", "--receipts", "7300", "--members", "400", "--nights", "1"]


def test_it_measures_nights_against_a_query_and_a_data_frame(tmp_path: Path) -> None:
    environment = os.environ | {"HUIYAN_DB": f"test_{WORKER}", "HUIYAN_LOCAL_DIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", *COMMAND],
        cwd=settings.BASE_DIR,
        env=environment | {"FIELD_KEY": settings.FIELD_KEY, "HUIYAN_REDIS_DB": "35"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures = json.loads(run.stdout)
    assert figures.pop("receipts") == 7_300 and figures.pop("members") == 400
    assert set(figures) == {
        *("full_s", "incremental_s", "group_by_s", "pandas_s", "peak_rss_mb"),
        *("ratio_full_vs_group_by", "ratio_incremental_vs_group_by", "ratio_incremental_vs_full"),
        *("speedup_vs_pandas", "speedup_incremental_vs_pandas", "ratio_incremental_10x_history"),
    }
    assert all(figure > 0 for figure in figures.values())
