"""Every scored member's cluster, by the last published model or, when that is due, a new one.

A kept model places a member by that member's facts alone, so members nobody touched stay where they are.
Whether it is due, and how clusters are described, is told from a fixed part of the members.
"""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.analytics import clusters as analytics
from segmentation.models import ClusterModelRow, NightlyRun
from segmentation.nightly.columns import FOUR, INT, in_fours, out_of_fours
from segmentation.nightly.population import NONE, population_columns

# Spreads ids, so that a part of them has nothing in common.
SPREAD, PRIME = 618_033, 1_000_003
# Fewer members than this make no types worth a name.
FEWEST_MEMBERS = 100
# About so many members, always the same, stand for all of a larger population.
SAMPLE = 20_000
REFIT_AFTER = timedelta(days=7)
SHIFTED = 0.2
RANDOM_STATE = 20_260

Columns = dict[str, NDArray[Any]]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Chosen:
    model: analytics.ClusterModel
    fitted_on: date
    # The row whose model, and so whose names, are used again; None after a fit, which labels everybody.
    kept: ClusterModelRow | None
    labels: NDArray[np.intp] | None = None


def is_due(run: NightlyRun) -> bool:
    """Whether the clusters are to be fitted anew whoever the members are."""
    last = _last_model(run)
    return last is None or run.as_of - last.fitted_on >= REFIT_AFTER


def labels(run: NightlyRun, known: Columns) -> tuple[NDArray[np.int32], dict[str, Any]]:
    """A cluster for each member of `known`, and what the page says of the model; NONE without types.

    known: `member`, `looked_at` and the published `cluster` of the population, by member; what is ASKED,
    too, where a fit is due.
    """
    members = len(known["member"])
    nobody = np.full(members, NONE, np.int32)
    if members < FEWEST_MEMBERS:
        return nobody, {}
    part = 1 + members // SAMPLE
    in_sample = known["member"] % PRIME * SPREAD % PRIME % part == 0
    everybody = _features(run, known) if ASKED.keys() <= known.keys() else None
    sample = _matrix(run, members=known["member"][in_sample]) if everybody is None else everybody[in_sample]
    try:
        chosen = _choose(run, sample, everybody)
    except ValueError:  # Too few members differ: there are no types to tell apart.
        return nobody, {}
    labels = _labels(run, known, chosen)
    return labels, _description(sample, labels[in_sample].astype(np.intp), labels, chosen)


def _labels(run: NightlyRun, known: Columns, chosen: Chosen) -> NDArray[np.int32]:
    if chosen.labels is not None:
        return chosen.labels.astype(np.int32)
    if not _stands(run, known, chosen):
        return analytics.assign(_matrix(run), chosen.model).astype(np.int32)
    labels = known["cluster"].copy()
    labels[known["looked_at"]] = analytics.assign(_matrix(run, looked_at=True), chosen.model)
    return labels


def _stands(run: NightlyRun, known: Columns, chosen: Chosen) -> bool:
    """Whether the published clusters of members nobody touched are those of the chosen model."""
    if run.touched is None or chosen.kept is None:
        return False
    published = ClusterModelRow.objects.filter(run__published_at__isnull=False, run__as_of__lte=run.as_of)
    latest = published.order_by("-run__as_of").first()
    is_same = latest is not None and latest.model == chosen.kept.model
    return is_same and not (known["cluster"][~known["looked_at"]] == NONE).any()


# Money is kept in whole units and clustered in cents.
IN_CENTS = {"mean_ticket_cents": "mean_ticket * 100", "price_per_pack": "price_per_pack * 100"}
RATIOS = {name: IN_CENTS.get(name, name) for name in analytics.FEATURES if name != "packs_per_week"}
IN_FOURS = in_fours(RATIOS)
ASKED = {"packs": "packs", **IN_FOURS}
TYPES = {"packs": INT, **dict.fromkeys(IN_FOURS, FOUR)}


def _matrix(run: NightlyRun, *, members: NDArray[np.int64] | None = None, looked_at: bool = False) -> Matrix:
    return _features(run, population_columns(run, ASKED, TYPES, members=members, only_looked_at=looked_at))


def _features(run: NightlyRun, columns: Columns) -> Matrix:
    facts = {"packs": columns["packs"], **out_of_fours(columns, RATIOS)}
    return analytics.feature_matrix(facts, window=run.window_days)


def _last_model(run: NightlyRun) -> ClusterModelRow | None:
    """Of earlier nights only, so that the same night made again ends with the same model."""
    rows = ClusterModelRow.objects.filter(run__as_of__lt=run.as_of, run__published_at__isnull=False)
    return rows.order_by("-run__as_of").first()


def _choose(run: NightlyRun, sample: Matrix, everybody: Matrix | None) -> Chosen:
    """The last model or a new one. everybody: all of the population, where a new one is due."""
    last = _last_model(run)
    model = analytics.ClusterModel.from_dict(last.model) if last else None
    if everybody is None and last and model and not _has_shifted(sample, model):
        return Chosen(model, last.fitted_on, last)
    matrix = _matrix(run) if everybody is None else everybody
    fitted, labels = analytics.fit_and_assign(matrix, random_state=RANDOM_STATE, previous=model)
    return Chosen(fitted, run.as_of, None, labels)


def _has_shifted(matrix: Matrix, model: analytics.ClusterModel) -> bool:
    return max(analytics.population_stability(matrix, model).values()) > SHIFTED


def _description(
    sample: Matrix, of_sample: NDArray[np.intp], labels: NDArray[np.int32], chosen: Chosen
) -> dict[str, Any]:
    profiles = analytics.profile(sample, of_sample, chosen.model)
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
