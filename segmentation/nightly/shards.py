"""The members of a night in shards, which any process may take; the night itself takes them too.

All read the same snapshot, which the night holds. A shard's facts are written with its mark, so it is
done once, whoever comes first: when nothing is left to take and a helper is late, the night works the
shard out itself. So it never waits for a process that may be gone, and needs none.
"""

import math
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import numpy as np
from django.db import DatabaseError, connection, transaction
from django.db.models import Max, Min
from numpy.typing import NDArray

from members.models import Member
from organization.database import snapshot
from organization.jobs import LeaseLost, ring
from segmentation.models import NightlyRun, NightlyShard, PendingFacts, TouchedMember
from segmentation.nightly.columns import BIG, FLAG, copy_in, copy_out, plan_for_night
from segmentation.nightly.reading import facts_between, facts_of_touched
from segmentation.nightly.rows import facts_rows
from segmentation.nightly.standing import Compared, compare
from segmentation.nightly.touched import Touched

# Read and worked out at a time, so that memory does not grow with the chain.
RECEIPTS_PER_SHARD = 1_250_000
TOUCHED_PER_SHARD = 7_000
MOST_HELPERS = 8
# A helper may take so many times what the night's own slowest shard took.
PATIENCE, LEAST_PATIENCE = 2.0, 1.0
LOOK_EVERY = 0.02  # seconds

CLAIM = """
    UPDATE segmentation_nightlyshard SET claimed_at = clock_timestamp() WHERE id = (
        SELECT id FROM segmentation_nightlyshard
        WHERE run_id = %(run)s AND snapshot = %(snapshot)s AND NOT is_done AND (
            claimed_at IS NULL OR claimed_at < clock_timestamp() - %(patience)s * interval '1 second')
        ORDER BY claimed_at NULLS FIRST, number FOR UPDATE SKIP LOCKED LIMIT 1)
    RETURNING id"""
# Of the receipts about so many tell which members make equal shards.
LOOKED_AT = 50_000
BOUNDS = """
    SELECT percentile_disc(%(parts)s::float8[]) WITHIN GROUP (ORDER BY member_id)
    FROM sales_receipt TABLESAMPLE SYSTEM (%(percent)s) REPEATABLE (0) WHERE member_id IS NOT NULL"""
# About how many there are, also before anybody has counted them; a row takes 120 to 170 bytes.
RECEIPTS = """
    SELECT greatest(reltuples, pg_relation_size(oid) / 200)::int8
    FROM pg_class WHERE oid = 'sales_receipt'::regclass"""
TOUCHED = """
    SELECT member_id, is_deep FROM segmentation_touchedmember
    WHERE run_id = %(run)s AND member_id > %(above)s AND member_id <= %(last)s ORDER BY member_id"""
NEVER = 1e9
NOBODY = np.zeros(0, np.int64)


@transaction.atomic(durable=True)
def prepare(run: NightlyRun, touched: Touched | None, name: str) -> None:
    """Begin the facts of a run again, from this snapshot; whoever is still at the old ones is too late."""
    run.shards.all().delete()
    PendingFacts.unscoped.filter(run=run).delete()
    TouchedMember.unscoped.filter(run=run).delete()
    run.touched = len(touched.members) if touched else None
    run.save(update_fields=["touched"])
    if touched:
        _touched_write(run.pk, touched.members, touched.deep)
    bounds = _of_touched(touched.members) if touched else _of_all()
    NightlyShard.objects.bulk_create(
        NightlyShard(
            run=run, number=number, above=above, last=last, snapshot=name, window_days=run.window_days
        )
        for number, (above, last) in enumerate(bounds)
    )
    transaction.on_commit(lambda: _call_helpers(run, len(bounds) - 1))


def work_out(run: NightlyRun, name: str) -> None:
    """Work the shards out, until none is left that is not done."""
    expected, slowest = run.shards.count(), 0.0
    while True:
        for seconds in _taken(run, name, patience=NEVER):
            slowest = max(slowest, seconds)
        states = list(run.shards.filter(snapshot=name).values_list("is_done", flat=True))
        if len(states) != expected:
            raise LeaseLost  # Another worker has begun this night again.
        if all(states):
            return
        time.sleep(LOOK_EVERY)
        for seconds in _taken(run, name, patience=max(LEAST_PATIENCE, PATIENCE * slowest)):
            slowest = max(slowest, seconds)


def help_with(run: NightlyRun) -> int:
    """Take shards of a night while there are free ones; how many."""
    shard = run.shards.filter(is_done=False).first()
    if shard is None:
        return 0
    run.window_days = shard.window_days
    # Where the snapshot has gone, so has the night that wanted help.
    with suppress(DatabaseError):
        return len(list(_taken(run, shard.snapshot, patience=NEVER)))
    return 0


def _taken(run: NightlyRun, name: str, *, patience: float) -> Iterator[float]:
    """Work out shards that are free, or were claimed too long ago; the seconds each took."""
    while True:
        begin = time.perf_counter()
        shard = _claim(run, name, patience)
        if shard is None:
            return
        touched = _touched_in(shard) if run.touched is not None else None
        with snapshot(name):
            plan_for_night(is_shared=True)
            if touched:
                found = Compared(facts_of_touched(run, *touched), NOBODY)
            else:
                found = compare(facts_between(run, shard.above, shard.last), shard.above, shard.last)
        _write(shard, found)
        yield time.perf_counter() - begin


@transaction.atomic(durable=True)
def _claim(run: NightlyRun, name: str, patience: float) -> NightlyShard | None:
    params: dict[str, int | str | float] = {"run": run.pk, "snapshot": name, "patience": patience}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, params)
        found = cursor.fetchone()
    return NightlyShard.objects.get(pk=found[0]) if found else None


@transaction.atomic(durable=True)
def _write(shard: NightlyShard, found: Compared) -> None:
    mine = NightlyShard.objects.filter(pk=shard.pk, snapshot=shard.snapshot, is_done=False)
    if mine.update(is_done=True, rows=len(found.new.member)):
        copy_in("segmentation_pendingfacts", facts_rows(shard.run_id, found.new))
        _touched_write(shard.run_id, found.touched, np.zeros(len(found.touched), bool))


def _touched_write(run_id: int, members: NDArray[np.int64], is_deep: NDArray[np.bool_]) -> None:
    columns = {"run_id": np.full(len(members), run_id), "member_id": members, "is_deep": is_deep}
    copy_in("segmentation_touchedmember", columns)


def _touched_in(shard: NightlyShard) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    params = {"run": shard.run_id, "above": shard.above, "last": shard.last}
    rows = copy_out(TOUCHED, params, {"member": BIG, "deep": FLAG})
    return rows["member"], rows["deep"]


def _of_touched(members: NDArray[np.int64]) -> list[tuple[int, int]]:
    parts = np.array_split(members, 1 + len(members) // TOUCHED_PER_SHARD)
    return [(int(part[0]) - 1, int(part[-1])) for part in parts if len(part)]


def _of_all() -> list[tuple[int, int]]:
    """Spans of ids with about as many receipts each, by a look at some of the pages."""
    ends = Member.unscoped.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(RECEIPTS)
        receipts = cursor.fetchone()[0]
        parts = np.linspace(0, 1, 1 + _number_for(receipts))[1:-1].tolist()
        percent = 100 * min(1, LOOKED_AT / max(receipts, 1))
        cursor.execute(BOUNDS, {"parts": parts, "percent": percent})
        inner = cursor.fetchone()[0] or []
    bounds = sorted({ends["first"] - 1, *inner, ends["last"]})
    return list(pairwise(bounds))


def _number_for(receipts: int) -> int:
    """An even number, so that of two processes none stands idle while the other takes the last one."""
    number = math.ceil((receipts + 1) / RECEIPTS_PER_SHARD)
    return number if number == 1 else number + number % 2


def _call_helpers(run: NightlyRun, wanted: int) -> None:
    from segmentation.tasks import night_help

    for _helper in range(min(wanted, MOST_HELPERS)):
        ring(night_help, run.pk)
