"""Nights over years of receipts beside a plain GROUP BY and a data frame: `make bench-nightly`.

Prints one line of JSON. The data set is made once and kept; each run adds a day to it and takes it away
again. The night is carried out as a worker does it, in a process of its own.
"""

import argparse
import json
import sys
import time
from datetime import date, timedelta

from django.apps import apps
from django.conf import settings

from benchmarks import databases
from benchmarks.history import FIRST_DAY, add_days, describe_products
from benchmarks.running import carry_out
from sales.models import Receipt
from segmentation.models import NightlyRun
from segmentation.services import night_start

DAYS = 730
GROUP_BY = """
    SELECT count(*), sum(recency + frequency + monetary) FROM (
        SELECT member_id, max(business_day) - DATE '2020-01-01' AS recency, count(*) AS frequency,
               sum(total) AS monetary
        FROM sales_receipt WHERE member_id IS NOT NULL GROUP BY member_id) r"""


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks nightly", description=__doc__)
    parser.add_argument("--receipts", type=int, default=10_000_000)
    parser.add_argument("--members", type=int, default=1_000_000)
    print(json.dumps(measure(**vars(parser.parse_args(words)))))


def measure(*, receipts: int, members: int) -> dict[str, float]:
    name = f"{settings.DATABASES['default']['NAME']}_nights_{receipts}_{members}"
    per_day = receipts // DAYS
    _prepare(name, per_day, members)
    _forget_nights()
    end = FIRST_DAY + timedelta(days=DAYS - 1)
    group_by = min(_group_by(), _group_by())
    _night(end - timedelta(days=8), full=True)  # So that the measured one has scores to replace.
    full, peak = _night(end, full=True)
    add_days(end + timedelta(days=1), 1, per_day=per_day)
    incremental, peak_next = _night(end + timedelta(days=1))
    group_by = min(group_by, _group_by())
    _take_back(end)
    return {
        "receipts": per_day * DAYS, "members": members, "full_s": full, "incremental_s": incremental,
        "group_by_s": group_by, "ratio_full_vs_group_by": full / group_by,
        "ratio_incremental_vs_group_by": incremental / group_by,
        "ratio_incremental_vs_full": incremental / full, "peak_rss_mb": max(peak, peak_next),
    }  # fmt: skip


def _prepare(name: str, per_day: int, members: int) -> None:
    databases.open_database(name, members)
    if Receipt.unscoped.count() == per_day * DAYS:
        return
    databases.clear()
    describe_products()
    for month in range(0, DAYS, 73):
        add_days(FIRST_DAY + timedelta(days=month), 73, per_day=per_day)
        print(f"{month + 73} of {DAYS} days", file=sys.stderr)
    databases.run("VACUUM ANALYZE")


def _group_by() -> float:
    begin = time.perf_counter()
    databases.run(GROUP_BY)
    return time.perf_counter() - begin


def _night(as_of: date, *, full: bool = False) -> tuple[float, float]:
    """Seconds and memory of one night; on the other channel, where the time went."""
    seconds, peak = carry_out(night_start(as_of=as_of, asked_by=None, full=full))
    run = NightlyRun.objects.get(as_of=as_of)
    stages = {str(stage.name): round(stage.seconds or 0, 2) for stage in run.stages.order_by("started_at")}
    print(f"{as_of}: {seconds:.1f} s, members read {run.touched}, {stages}", file=sys.stderr)
    return seconds, peak


def _forget_nights() -> None:
    tables = [model._meta.db_table for model in apps.get_app_config("segmentation").get_models()]
    databases.run(f"TRUNCATE {', '.join(tables)} CASCADE")


def _take_back(end: date) -> None:
    """The day that was added goes again."""
    later = "id IN (SELECT id FROM sales_receipt WHERE business_day > %s)"
    databases.run(f"DELETE FROM sales_receiptline WHERE receipt_{later}", end)
    databases.run("DELETE FROM sales_receipt WHERE business_day > %s", end)
