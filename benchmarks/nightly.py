"""Nights over years of receipts beside a plain GROUP BY and a data frame: `make bench-nightly`.

Prints one line of JSON. The data set is made once and kept; each run adds days to it and takes them away
again. Nights are made by a worker of two processes. A second data set has the same days ten times over,
at a tenth of the size, to show whether a night's time grows with the history.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from django.apps import apps
from django.conf import settings

from benchmarks import databases
from benchmarks.history import LAST_DAY, add_days, describe_products
from benchmarks.workers import Worker, a_worker
from sales.models import Receipt
from segmentation.models import NightlyRun
from segmentation.nightly.clusters import REFIT_AFTER
from segmentation.services import night_start

DAYS, LONGER = 730, 10
GROUP_BY = """
    SELECT count(*), sum(recency + frequency + monetary) FROM (
        SELECT member_id, max(business_day) - DATE '2000-01-01' AS recency, count(*) AS frequency,
               sum(total) AS monetary
        FROM sales_receipt WHERE member_id IS NOT NULL GROUP BY member_id) r"""


@dataclass(frozen=True)
class DataSet:
    """So many days of so many receipts that end on the same day, in a database of their own."""

    per_day: int
    members: int
    days: int = DAYS

    @property
    def name(self) -> str:
        base = settings.DATABASES["default"]["NAME"]
        return f"{base.partition('_nights_')[0]}_nights_{self.per_day}_{self.members}_{self.days}"

    def prepare(self) -> None:
        databases.open_database(self.name, self.members)
        _take_back()
        if Receipt.unscoped.count() == self.per_day * self.days:
            return
        databases.clear()
        describe_products()
        for part in range(0, self.days, self.days // 10):
            self.add(self.begin + timedelta(days=part), self.days // 10)
            print(f"{part + self.days // 10} of {self.days} days", file=sys.stderr)
        databases.run("VACUUM ANALYZE")

    def add(self, day: date, days: int = 1) -> None:
        add_days(self.begin, day, days, per_day=self.per_day)

    @property
    def begin(self) -> date:
        return LAST_DAY - timedelta(days=self.days - 1)


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks nightly", description=__doc__)
    parser.add_argument("--receipts", type=int, default=10_000_000)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--nights", type=int, default=3, help="of whose times the usual one is taken")
    print(json.dumps(measure(**vars(parser.parse_args(words)))))


def measure(*, receipts: int, members: int, nights: int) -> dict[str, float]:
    per_day = receipts // DAYS
    figures = _whole(DataSet(per_day, members), nights)
    short = DataSet(per_day // LONGER, members // LONGER)
    long = DataSet(per_day // LONGER, members // LONGER, DAYS * LONGER)
    figures["ratio_incremental_10x_history"] = _next_night(long, nights) / _next_night(short, nights)
    return {"receipts": per_day * DAYS, "members": members} | figures


def _whole(data: DataSet, nights: int) -> dict[str, float]:
    data.prepare()
    _forget_nights()
    group_by = [_group_by(), _group_by()]
    with a_worker() as worker:
        full = _full_night(worker)
        incremental = _next_nights(worker, data, nights)
    group_by += [_group_by(), _group_by()]
    frames = _frames()
    _take_back()
    least = min(group_by)
    return {
        "full_s": full, "incremental_s": incremental, "group_by_s": least, "pandas_s": frames,
        "ratio_full_vs_group_by": full / least, "ratio_incremental_vs_group_by": incremental / least,
        "ratio_incremental_vs_full": incremental / full, "speedup_vs_pandas": frames / full,
        "speedup_incremental_vs_pandas": frames / incremental, "peak_rss_mb": worker.peak_mb,
    }  # fmt: skip


def _full_night(worker: Worker) -> float:
    """One that finds the night before published, as any does but the first, and clusters due to be fitted."""
    _night(worker, LAST_DAY - REFIT_AFTER, full=True)
    _night(worker, LAST_DAY - timedelta(days=1))
    return _night(worker, LAST_DAY, full=True)


def _next_night(data: DataSet, nights: int) -> float:
    data.prepare()
    _forget_nights()
    with a_worker() as worker:
        _night(worker, LAST_DAY, full=True)
        incremental = _next_nights(worker, data, nights)
    _take_back()
    return incremental


def _next_nights(worker: Worker, data: DataSet, nights: int) -> float:
    """The usual time of some nights in turn, each with a day of receipts more."""
    seconds = []
    for after in range(1, nights + 1):
        data.add(LAST_DAY + timedelta(days=after))
        seconds.append(_night(worker, LAST_DAY + timedelta(days=after)))
    return median(seconds)


def _group_by() -> float:
    begin = time.perf_counter()
    databases.run(GROUP_BY)
    return time.perf_counter() - begin


def _night(worker: Worker, as_of: date, *, full: bool = False) -> float:
    """Seconds of one night; on the other channel, where the time went.

    A day lies between two nights, in which what the last one left is cleared away.
    """
    databases.run("VACUUM ANALYZE")
    seconds = worker.finish(night_start(as_of=as_of, asked_by=None, full=full))
    run = NightlyRun.objects.get(as_of=as_of)
    stages = {str(stage.name): round(stage.seconds or 0, 2) for stage in run.stages.order_by("started_at")}
    print(f"{as_of}: {seconds:.1f} s, members read {run.touched}, {stages}", file=sys.stderr)
    return seconds


def _frames() -> float:
    command = [sys.executable, "-m", "benchmarks", "frames", LAST_DAY.isoformat()]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=os.environ, stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


def _forget_nights() -> None:
    tables = [model._meta.db_table for model in apps.get_app_config("segmentation").get_models()]
    databases.run(f"TRUNCATE {', '.join(tables)} CASCADE")


def _take_back() -> None:
    """The days that were added go again."""
    later = "id IN (SELECT id FROM sales_receipt WHERE business_day > %s)"
    databases.run(f"DELETE FROM sales_receiptline WHERE receipt_{later}", LAST_DAY)
    databases.run("DELETE FROM sales_receipt WHERE business_day > %s", LAST_DAY)
