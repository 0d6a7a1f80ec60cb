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
from segmentation.models import NightlyRun, PendingRank
from segmentation.nightly import clusters, scoring
from segmentation.nightly.columns import BIG, INT, copy_in
from segmentation.nightly.population import NONE, population_columns
from segmentation.nightly.reading import days
from segmentation.nightly.stage import Outcome, Stage

# What is scored, and how it is published: a value class such as 101 and a segment as numbers, nothing
# as NONE.
KEYS = {"last_day": "last_day - DATE '1970-01-01'", "receipts": "receipts", "cents": "(spend * 100)::int8"}
CODES = {
    **{name: f"coalesce({name}, {NONE})" for name in ("r", "f", "m", "cluster")},
    "value_class": f"coalesce(value_class::int4, {NONE})",
    "segment": scoring.SEGMENT_PLACE,
}
# Where a member is at home by the facts of this night; of the others, where they were found to be.
HOMES = {"home": "p.home_store_id"}
KNOWN_HOMES = {"home": "(SELECT m.home_store_id FROM members_member m WHERE m.id = p.member_id)"}


@dataclass(frozen=True)
class Found:
    columns: dict[str, Any]
    score_shares: dict[str, list[int]]
    cluster_model: dict[str, Any]


def read(run: NightlyRun) -> Found:
    known = _known(run)
    silence = days(run.as_of) - known["last_day"]
    scores = scoring.scores(run.scoring, silence, known["receipts"], known["cents"], known["home"])
    labels, model = clusters.labels(run, known)
    value = rfm.value_class(silence, known["receipts"], known["cents"]) if len(silence) else np.array([])
    place = rfm.place_of(scores.r, scores.f, run.scoring.grid)
    now = {**scores._asdict(), "cluster": labels, "value_class": value.astype(np.int32), "segment": place}
    rows = known["looked_at"] | _differs(known, now)
    columns = {
        "run_id": np.full(rows.sum(), run.pk),
        "member_id": known["member"][rows],
        **{name: getattr(scores, name)[rows] for name in "rfm"},
        "segment": np.array(rfm.SEGMENTS)[place[rows]],
        "value_class": value[rows],
        "cluster": np.ma.masked_equal(labels[rows], NONE),
    }
    shares = {name: rfm.score_shares(getattr(scores, name)).tolist() for name in "rfm"}
    return Found(columns, shares, model)


def _known(run: NightlyRun) -> dict[str, NDArray[Any]]:
    types = {"last_day": INT, "receipts": INT, "cents": BIG, "home": BIG, **dict.fromkeys(CODES, INT)}
    return population_columns(
        run,
        KEYS | KNOWN_HOMES | CODES,
        types,
        unpublished=HOMES | dict.fromkeys(CODES, str(NONE)),
    )


def write(run: NightlyRun, found: Found) -> Outcome:
    PendingRank.unscoped.filter(run=run).delete()
    rows = copy_in("segmentation_pendingrank", found.columns)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE segmentation_pendingrank")
    result: dict[str, Any] = {"score_shares": found.score_shares}
    return Outcome(rows, result | ({"cluster_model": found.cluster_model} if found.cluster_model else {}))


STAGE = Stage(read, write)


def _differs(known: dict[str, NDArray[Any]], now: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
    differs = np.zeros(len(known["member"]), bool)
    for name in CODES:
        differs |= known[name] != now[name]
    return differs
