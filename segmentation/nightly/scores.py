"""R, F and M over all members with a receipt in the window, the segment and the cluster of each.

All are scored, for a score depends on the others; written are those whose facts the night worked out,
and of the rest whoever is scored otherwise than published.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from segmentation.analytics import rfm
from segmentation.models import NightlyRun, PendingRank, RfmSettings
from segmentation.nightly import clusters, scoring
from segmentation.nightly.columns import BIG, INT, copy_in
from segmentation.nightly.population import NONE, population_columns
from segmentation.nightly.reading import days
from segmentation.nightly.stage import Outcome, Stage

# What is scored. Of a published row that does not stand something may be missing.
KEYS = {
    "last_day": "coalesce(last_day - DATE '1970-01-01', 0)",
    "receipts": "receipts",
    "cents": "(spend * 100)::int8",
}
HOME = {"home": "coalesce(home_store_id, 0)"}


def _code(name: str) -> str:
    """A score or cluster that fits into BITS; 30 for one that does not, which is no right one."""
    return f"CASE WHEN {name} BETWEEN 0 AND 29 THEN {name}::int4 WHEN {name} IS NULL THEN {NONE} ELSE 30 END"


# How a member is published, as whole numbers with NONE for nothing. They come as one number, in which
# each has so many bits and is one higher.
CODES = {
    **{name: _code(name) for name in ("r", "f", "m", "cluster")},
    "segment": scoring.SEGMENT_PLACE,
    "value_class": scoring.CLASS_PLACE,
}
BITS = 5
PUBLISHED = " | ".join(f"(({code} + 1) << {BITS * place})" for place, code in enumerate(CODES.values()))


@dataclass(frozen=True)
class Found:
    columns: dict[str, Any]
    score_shares: dict[str, list[int]]
    cluster_model: dict[str, Any]


def read(run: NightlyRun) -> Found:
    known = _known(run)
    silence = days(run.as_of) - known["last_day"]
    scores = scoring.scores(run.scoring, silence, known["receipts"], known["cents"], known.get("home"))
    labels, model = clusters.labels(run, known)
    value = rfm.value_class(silence, known["receipts"], known["cents"])
    place = rfm.place_of(scores.r, scores.f, run.scoring.grid)
    now = {**scores._asdict(), "cluster": labels, "value_class": value, "segment": place}
    rows = known["looked_at"] | _differs(known, now)
    columns = {
        "run_id": np.full(rows.sum(), run.pk),
        "member_id": known["member"][rows],
        **{name: getattr(scores, name)[rows] for name in "rfm"},
        "segment": np.array(rfm.SEGMENTS, np.bytes_)[place[rows]],
        "value_class": np.array(rfm.VALUE_CLASSES, np.bytes_)[value[rows]],
        "cluster": np.ma.masked_equal(labels[rows], NONE),
    }
    shares = {name: rfm.score_shares(getattr(scores, name)).tolist() for name in "rfm"}
    return Found(columns, shares, model)


def _known(run: NightlyRun) -> dict[str, NDArray[Any]]:
    types = {"last_day": INT, "receipts": INT, "cents": BIG, "published": INT}
    asked = KEYS | {"published": PUBLISHED}
    if run.scoring.mode == RfmSettings.Mode.PEERS:
        asked, types = asked | HOME, types | {"home": BIG}
    if clusters.is_due(run):
        asked, types = asked | clusters.ASKED, types | clusters.TYPES
    known = population_columns(run, asked, types, unpublished={"published": "0"})
    published = known.pop("published")
    codes = {name: (published >> BITS * at & (1 << BITS) - 1) - 1 for at, name in enumerate(CODES)}
    return known | codes


def write(run: NightlyRun, found: Found) -> Outcome:
    PendingRank.unscoped.filter(run=run).delete()
    rows = copy_in("segmentation_pendingrank", found.columns)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE segmentation_pendingrank (run_id, member_id)")
    result: dict[str, Any] = {"score_shares": found.score_shares}
    return Outcome(rows, result | ({"cluster_model": found.cluster_model} if found.cluster_model else {}))


STAGE = Stage(read, write)


def _differs(known: dict[str, NDArray[Any]], now: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
    differs = np.zeros(len(known["member"]), bool)
    for name in CODES:
        differs |= known[name] != now[name]
    return differs
