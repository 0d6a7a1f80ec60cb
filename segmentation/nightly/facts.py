"""Facts of the members that the night must look at → pending rows, shard by shard."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Sum

from organization.database import shared_snapshot, snapshot
from segmentation.models import NightlyRun
from segmentation.nightly import shards
from segmentation.nightly.stage import Outcome, Stage
from segmentation.nightly.touched import members_touched, seen_now


@dataclass(frozen=True)
class Found:
    seen: dict[str, Any]


def read(run: NightlyRun) -> Found:
    """Writes, too: a shard is kept as soon as it is done, whoever did it."""
    with shared_snapshot() as name:
        with snapshot(name):
            touched = None if run.is_full else members_touched(run)
            seen = seen_now()
        shards.prepare(run, touched, name)
        shards.work_out(run, name)
    return Found(seen)


def write(run: NightlyRun, found: Found) -> Outcome:
    rows = run.shards.aggregate(rows=Sum("rows"))["rows"] or 0
    run.shards.all().delete()
    with connection.cursor() as cursor:
        # Only of what they are joined by: to count all columns takes as long as a shard.
        cursor.execute("ANALYZE segmentation_pendingfacts (run_id, member_id), segmentation_touchedmember")
    return Outcome(rows, {"seen": found.seen, "settings": run.settings_id})


STAGE = Stage(read, write, reads_snapshot=False)
