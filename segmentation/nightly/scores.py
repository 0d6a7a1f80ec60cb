"""R, F and M over all members with a receipt in the window, the segment and the cluster of each.

All are scored, for a score depends on the others; written are those whose facts the night worked out,
and of the rest whoever is scored otherwise than published.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import connection
from numpy.typing import NDArray

from segmentation.analytics import rfm
from segmentation.models import NightlyRun, PendingRank
from segmentation.nightly import clusters
from segmentation.nightly.columns import BIG, INT, copy_in
from segmentation.nightly.population import NONE, population_columns
from segmentation.nightly.reading import days
from segmentation.nightly.stage import Outcome, Stage

# What is scored, and how it is published: a value class such as 101 as a number, nothing as NONE.
KEYS = {"last_day": "last_day - DATE '1970-01-01'", "receipts": "receipts", "cents": "(spend * 100)::int8"}
CODES = {
    **{name: f"coalesce({name}, {NONE})" for name in ("r", "f", "m", "cluster")},
    "value_class": f"coalesce(value_class::int4, {NONE})",
}


@dataclass(frozen=True)
class Found:
    columns: dict[str, Any]
    score_shares: dict[str, list[int]]
    cluster_model: dict[str, Any]


def read(run: NightlyRun) -> Found:
    types = {"last_day": INT, "receipts": INT, "cents": BIG, **dict.fromkeys(CODES, INT)}
    known = population_columns(run, KEYS | CODES, types, unpublished=dict.fromkeys(CODES, str(NONE)))
    scores = rfm.rfm_scores(known["last_day"], known["receipts"], known["cents"])
    labels, model = clusters.labels(run, known)
    silence = days(run.as_of) - known["last_day"]
    value = rfm.value_class(silence, known["receipts"], known["cents"]) if len(silence) else np.array([])
    now = {**scores._asdict(), "cluster": labels, "value_class": value.astype(np.int32)}
    rows = known["looked_at"] | _differs(known, now)
    columns = {
        "run_id": np.full(rows.sum(), run.pk),
        "member_id": known["member"][rows],
        **{name: getattr(scores, name)[rows] for name in "rfm"},
        "segment": rfm.segment_of(scores.r, scores.f)[rows],
        "value_class": value[rows],
        "cluster": pa.array(labels[rows], mask=labels[rows] == NONE),
    }
    shares = {name: rfm.score_shares(getattr(scores, name)).tolist() for name in "rfm"}
    return Found(columns, shares, model)


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
