"""What other settings would change: the latest published night scored again, and nothing written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray
from psycopg2.errors import QueryCanceled

from segmentation.analytics import rfm
from segmentation.models import NightlyRun, RfmSettings
from segmentation.nightly.columns import BIG, INT, copy_out
from segmentation.nightly.objections import NOT_OBJECTED
from segmentation.nightly.reading import days
from segmentation.nightly.run import latest_published
from segmentation.nightly.scoring import SEGMENT_PLACE, peer_groups, scores

MOST_SECONDS = 40
# With fewer members than scores, a peer group leaves some scores empty whatever they bought.
FEW = rfm.BANDS

# Where scores 2 to 5 begin, or, of days of silence, 5 to 2 end.
FIFTHS = """
    WITH bands AS (
        SELECT 'r' AS name, r AS band, max(%(as_of)s - last_day)::int8 AS point
        FROM segmentation_memberscore WHERE r > 1 GROUP BY r
        UNION ALL
        SELECT 'f', f, min(receipts) FROM segmentation_memberscore WHERE f > 1 GROUP BY f
        UNION ALL
        SELECT 'm', m, min(spend * 100)::int8 FROM segmentation_memberscore WHERE m > 1 GROUP BY m
    )
    SELECT name, array_agg(point ORDER BY point) FROM bands GROUP BY name"""
LEAST = {"r": 0, "f": 1, "m": 1}  # What may be typed.

COLUMNS = {"last_day": INT, "receipts": INT, "cents": BIG, "home": BIG, "segment": INT}
PUBLISHED = f"""
    SELECT last_day - DATE '1970-01-01', receipts, (spend * 100)::int8, home_store_id, {SEGMENT_PLACE}
    FROM segmentation_memberscore WHERE r IS NOT NULL"""
# The same of another window: from its receipts, counted as the night counts them. Beside them stands
# the published segment, also of whoever has no receipt in this window.
RECEIPTS = f"""
    WITH sold AS (
        SELECT p.member_id, p.store_id, p.business_day - DATE '1970-01-01' AS day, p.minute, p.total,
               NOT p.is_return AND (p.returned = 0 OR p.returned < p.total) AS is_visit
        FROM sales_receipt p JOIN members_member m ON m.id = p.member_id
        WHERE p.business_day > %(since)s AND p.business_day <= %(as_of)s
          AND NOT m.is_anonymous AND {NOT_OBJECTED}
    ),
    facts AS (
        SELECT member_id, max(day) FILTER (WHERE is_visit) AS last_day,
               count(*) FILTER (WHERE is_visit) AS receipts, sum(total) AS spend
        FROM sold GROUP BY member_id HAVING bool_or(is_visit)
    ),
    homes AS ({{homes}}),
    published AS (
        SELECT member_id, {SEGMENT_PLACE} AS place FROM segmentation_memberscore WHERE r IS NOT NULL
    )
    SELECT coalesce(last_day, 0)::int4, coalesce(receipts, 0)::int4, coalesce(spend * 100, 0)::int8,
           coalesce(store_id, 0)::int8, coalesce(place, -1)::int4
    FROM facts LEFT JOIN homes USING (member_id) FULL JOIN published USING (member_id)"""
HOMES = """
        SELECT DISTINCT ON (member_id) member_id, store_id FROM (
            SELECT member_id, store_id, count(*) AS visits, max(day * 1440 + minute) AS latest
            FROM sold WHERE is_visit GROUP BY member_id, store_id
        ) each JOIN organization_store s ON s.id = each.store_id
        ORDER BY member_id, visits DESC, latest DESC, s.code"""
NO_HOMES = "SELECT 0::int8 AS member_id, 0::int8 AS store_id WHERE false"


class TooManyReceipts(Exception):
    """The receipts of the window could not be summed while somebody waits; the night will."""


@dataclass(frozen=True)
class Size:
    code: str
    before: int
    after: int

    @property
    def change(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class Moved:
    """Members of one segment who would be in another; empty: in none, without a receipt in the window."""

    old: str
    new: str
    members: int


@dataclass(frozen=True)
class Preview:
    """`changed`: members whose segment would be another, of those scored before or after."""

    as_of: date
    before: int
    after: int
    changed: int
    sizes: Sequence[Size]
    moves: Sequence[Moved]  # The largest first.
    shares: dict[str, list[int]]  # Members per score.
    groups: int  # Peer groups; 0 where all members are compared.
    few: int  # Peer groups with too few members to hold every score.


def preview(settings: RfmSettings) -> Preview | None:
    """The published night by these settings beside what it is; None before the first night.

    TooManyReceipts if another window asks for more receipts than can be summed in time.
    """
    run = latest_published()
    if run is None:
        return None
    columns = _columns(run, settings)
    is_scored = columns["receipts"] > 0
    known = {name: column[is_scored] for name, column in columns.items()}
    silence = days(run.as_of) - known["last_day"]
    found = scores(settings, silence, known["receipts"], known["cents"], known["home"])
    after = np.full(len(is_scored), -1, np.int32)
    after[is_scored] = rfm.place_of(found.r, found.f, settings.grid)
    sizes = _group_sizes(settings, known["home"])
    return Preview(
        as_of=run.as_of,
        before=int((columns["segment"] >= 0).sum()),
        after=int(is_scored.sum()),
        shares={name: rfm.score_shares(getattr(found, name)).tolist() for name in "rfm"},
        groups=len(sizes),
        few=int((sizes < FEW).sum()),
        **_comparison(columns["segment"], after),
    )


def fifths(run: NightlyRun) -> dict[str, list[int]]:
    """Break points at which the scores of a published night lie; those of R, F or M only if all five occur.

    By them a night of fifths of all members is scored as it was.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIFTHS, {"as_of": run.as_of})
        found = {name: list(points) for name, points in cursor.fetchall()}
    return {
        name: points for name, points in found.items() if len(points) == FEW - 1 and points[0] >= LEAST[name]
    }


def _columns(run: NightlyRun, settings: RfmSettings) -> dict[str, NDArray[Any]]:
    if settings.window_days == run.window_days:
        return copy_out(PUBLISHED, {}, COLUMNS)
    is_among_peers = settings.mode == RfmSettings.Mode.PEERS
    query = RECEIPTS.format(homes=HOMES if is_among_peers else NO_HOMES)
    params = {"as_of": run.as_of, "since": run.as_of - timedelta(days=settings.window_days)}
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = %s", [f"{MOST_SECONDS}s"])
            return copy_out(query, params, COLUMNS)
    except QueryCanceled as failure:
        raise TooManyReceipts from failure


def _group_sizes(settings: RfmSettings, home: NDArray[Any]) -> NDArray[Any]:
    groups = peer_groups(settings, home)
    if groups is None:
        return np.array([], np.int64)
    return np.unique(groups, return_counts=True)[1]


def _comparison(before: NDArray[Any], after: NDArray[Any]) -> dict[str, Any]:
    """Places in SEGMENTS, -1 for none, of the same members before and after."""
    codes = ("", *rfm.SEGMENTS)
    pairs = np.bincount((before + 1) * len(codes) + after + 1, minlength=len(codes) ** 2)
    table = pairs.reshape(len(codes), len(codes))
    moves = [
        Moved(codes[old], codes[new], int(table[old, new]))
        for old, new in np.argwhere(table > 0).tolist()
        if old != new
    ]
    sizes = zip(codes, table.sum(axis=1).tolist(), table.sum(axis=0).tolist(), strict=True)
    return {
        "changed": sum(moved.members for moved in moves),
        "moves": sorted(moves, key=lambda moved: -moved.members),
        "sizes": [Size(*size) for size in sizes][1:],
    }
