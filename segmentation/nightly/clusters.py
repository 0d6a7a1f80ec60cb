"""Every scored member's cluster, by the last published model or, when that is due, a new one."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segmentation.analytics import clusters as analytics
from segmentation.models import ClusterModelRow, NightlyRun
from segmentation.nightly.changes import NONE, differing, scores_write
from segmentation.nightly.facts import population
from segmentation.nightly.stage import Outcome, Stage

# Fewer members than this make no types worth a name.
FEWEST_MEMBERS = 100
REFIT_AFTER = timedelta(days=7)
SHIFTED = 0.2
RANDOM_STATE = 20_260


@dataclass(frozen=True)
class Chosen:
    model: analytics.ClusterModel
    fitted_on: date
    # The row whose model, and so whose names, are used again; None after a fit.
    kept: ClusterModelRow | None


def read(run: NightlyRun) -> tuple[dict[str, Any], dict[str, Any]]:
    facts = population(run)
    matrix = analytics.feature_matrix(facts, window=run.window_days)
    labels, description = _labels(run, matrix)
    columns = {"member_id": facts.member, "cluster": pa.array(labels, mask=labels == NONE)}
    return differing(run, columns, {"cluster": labels}), description


def write(run: NightlyRun, found: tuple[dict[str, Any], dict[str, Any]]) -> Outcome:
    columns, description = found
    rows = scores_write(run, columns, {"cluster": "int2"})
    return Outcome(rows, {"cluster_model": description} if description else {})


STAGE = Stage(read, write)


def _labels(run: NightlyRun, matrix: NDArray[np.float64]) -> tuple[NDArray[np.intp], dict[str, Any]]:
    """A label per member and what the page says of the model; none where there are no types."""
    nobody = np.full(len(matrix), NONE)
    if len(matrix) < FEWEST_MEMBERS:
        return nobody, {}
    try:
        chosen = _choose(run, matrix)
    except ValueError:  # Too few members differ: there are no types to tell apart.
        return nobody, {}
    labels = analytics.assign(matrix, chosen.model)
    return labels, _description(matrix, labels, chosen)


def _choose(run: NightlyRun, matrix: NDArray[np.float64]) -> Chosen:
    # Earlier nights only, so that the same night made again ends with the same model.
    rows = ClusterModelRow.objects.filter(run__as_of__lt=run.as_of, run__published_at__isnull=False)
    row = rows.order_by("-run__as_of").first()
    model = analytics.ClusterModel.from_dict(row.model) if row else None
    if row and model and run.as_of - row.fitted_on < REFIT_AFTER and not _has_shifted(matrix, model):
        return Chosen(model, row.fitted_on, row)
    return Chosen(analytics.fit(matrix, random_state=RANDOM_STATE, previous=model), run.as_of, None)


def _has_shifted(matrix: NDArray[np.float64], model: analytics.ClusterModel) -> bool:
    return max(analytics.population_stability(matrix, model).values()) > SHIFTED


def _description(matrix: NDArray[np.float64], labels: NDArray[np.intp], chosen: Chosen) -> dict[str, Any]:
    profiles = analytics.profile(matrix, labels, chosen.model)
    features = chosen.model.features
    if chosen.kept:
        names = [cluster["name"] for cluster in chosen.kept.clusters]
        continues: list[int | None] = list(range(len(names)))
    else:
        names = [list(name) for name in analytics.plain_names(profiles, features)]
        continues = list(chosen.model.continues_)
    shares = np.bincount(labels, minlength=len(profiles)) / len(labels)
    return {
        "model": chosen.model.to_dict(),
        "fitted_on": chosen.fitted_on.isoformat(),
        "continues": continues,
        "clusters": [
            {
                "share": float(share),
                "profile": {
                    name: None if math.isnan(z) else float(z) for name, z in zip(features, row, strict=True)
                },
                "name": name_,
            }
            for share, row, name_ in zip(shares, profiles, names, strict=True)
        ],
    }
