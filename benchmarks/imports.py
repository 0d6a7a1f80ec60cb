"""The import of a file of sales beside a bare COPY and django-import-export: `make bench-import`.

Prints one line of JSON; figures are medians of the rounds. In each round the import stands between
two runs of the COPY it is compared with, so that what else the machine does weighs on both.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

from django.conf import settings

from benchmarks import databases
from benchmarks.bare_copy import copy_rows, keep_rows
from benchmarks.peer import rows_per_second
from benchmarks.running import import_sales
from benchmarks.sales_file import members_of, sales_file
from organization.models import Import


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks imports", description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000, help="of the file")
    parser.add_argument("--present", type=int, default=5_000_000, help="receipts for ratio_5m")
    parser.add_argument("--peer-rows", type=int, default=20_000, help="for django-import-export")
    parser.add_argument("--rounds", type=int, default=3)
    print(json.dumps(measure(**vars(parser.parse_args(words)))))


def measure(*, lines: int, present: int, peer_rows: int, rounds: int) -> dict[str, float]:
    """Carry out all rounds; the databases stay, for the next time."""
    empty = f"{settings.DATABASES['default']['NAME']}_bench"  # Never one that holds a company.
    path, members = sales_file(settings.LOCAL_DIR, lines), members_of(lines)
    databases.prepare(empty, members)
    databases.prepare_filled(f"{empty}_filled", members, present)
    databases.use(empty)
    figures: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(dir=settings.LOCAL_DIR) as kept:
        first = import_sales(path)  # Not measured: its rows are what the COPY has to write.
        _check(first.record, lines)
        keep_rows(Path(kept))
        for _number in range(rounds):
            for name, figure in _round(empty, path, Path(kept), peer_rows).items():
                figures.setdefault(name, []).append(figure)
    return {"lines": lines} | {name: round(median(found), 2) for name, found in figures.items()}


def _round(empty: str, path: Path, kept: Path, peer_rows: int) -> dict[str, float]:
    databases.use(empty)
    databases.clear()
    before = copy_rows(kept)
    run = import_sales(path)
    copy = min(before, copy_rows(kept))
    again = import_sales(path)
    if again.record.added or again.record.updated:
        sys.exit("The same file a second time wrote something.")
    speed, peer = run.record.read / run.seconds, rows_per_second(path, peer_rows)
    databases.use(f"{empty}_filled")
    full = import_sales(path)
    _check(full.record, run.record.read)
    databases.clear_imported()
    return {
        "seconds": run.seconds,
        "lines_per_s": speed,
        "copy_s": copy,
        "ratio_vs_copy": run.seconds / copy,
        "peak_rss_mb": run.peak_mb,
        "import_export_rows_per_s": peer,
        "speedup_vs_import_export": speed / peer,
        "ratio_5m": full.seconds / run.seconds,
        "again_s": again.seconds,
    }


def _check(record: Import, lines: int) -> None:
    """A figure of an import that did not do its work is worth nothing."""
    if record.read != lines or not record.added or not record.unchanged or not record.quarantined:
        sys.exit(f"The import read {record.read} of {lines} lines and added {record.added}.")
