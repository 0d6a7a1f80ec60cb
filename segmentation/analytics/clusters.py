"""K-means clusters of members, fitted seldom and assigned nightly.

A model carries all it needs to place a member by that member's facts alone: medians for missing
facts, the scaling and the centroids. Whoever else is in the matrix cannot change a label. To assign
takes numpy only; scikit-learn and scipy, seconds to load, are loaded by a fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.cluster import KMeans

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]
Name = tuple[tuple[str, str], ...]

FEATURES = (
    "packs_per_week",
    "carton_share",
    "price_per_pack",
    "slim_share",
    "brand_entropy",
    "evening_share",
    "weekend_share",
    "discount_share",
    "gap_mean",
    "mean_ticket_cents",
    "online_share",
)
SKEWED = frozenset({"packs_per_week", "price_per_pack", "gap_mean", "mean_ticket_cents"})

SCANNED = range(2, 11)
USUAL = range(4, 9)
SMALLEST_SHARE = 0.02
SCAN_INITS, FULL_INITS = 3, 10
# Centroids are sought from ten beginnings among so many members, then settled among all of them.
SOUGHT_AMONG = 20_000
DECILES = np.arange(1, 10) / 10
SMALLEST_BIN = 1e-4
APART = 0.5
NEAREST_ROWS = 8_192  # whose distances stay in the processor's memory
TOO_ALIKE = "too few members differ for that many clusters"


class KScan(NamedTuple):
    """How k clusters fit the sample."""

    k: int
    silhouette: float
    davies_bouldin: float
    smallest_share: float


@dataclass(frozen=True)
class Scaling:
    """From the columns named in inputs to z-scores of those named in features.

    fill_, mean_, scale_: shape (features,); fill_ replaces NaN before scaling.
    """

    inputs: tuple[str, ...]
    features: tuple[str, ...]
    fill_: Floats
    mean_: Floats
    scale_: Floats

    @property
    def dropped(self) -> tuple[str, ...]:
        """Inputs that were constant when the model was fitted."""
        return tuple(name for name in self.inputs if name not in self.features)

    def standardise(self, matrix: Floats) -> Floats:
        """Return z-scores, shape (members, features), of a matrix of shape (members, inputs)."""
        points = np.empty((len(self.features), len(matrix)))
        scaling = zip(self.features, self.fill_, self.mean_, self.scale_, strict=True)
        for of_all, (name, fill, mean, scale) in zip(points, scaling, strict=True):
            column = matrix[:, self.inputs.index(name)]
            np.divide(np.where(np.isnan(column), fill, column) - mean, scale, out=of_all)
        return points.T


@dataclass(frozen=True)
class ClusterModel(Scaling):
    """A fitted model; labels are 0 to k - 1, the rows of centroids_ (k, features; z-scores).

    k_scan_: fit of each k on the sample. inertia_: of all members; silhouette_: of the sample.
    agreement_: adjusted Rand index against the previous model's labels of the same members, None
    without one. continues_: per cluster, the label of the previous model's cluster it continues.
    bin_edges_ (features, 9): deciles of the sample at the fit; bin_shares_ (features, 10): the shares of
    all members between them, for stability.
    """

    centroids_: Floats
    k_scan_: tuple[KScan, ...]
    inertia_: float
    silhouette_: float
    agreement_: float | None
    continues_: tuple[int | None, ...]
    bin_edges_: Floats
    bin_shares_: Floats
    random_state: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        plain |= {name: plain[name].tolist() for name in ARRAYS}
        return plain | {"k_scan_": [row._asdict() for row in self.k_scan_]}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Self:
        """Undo to_dict, also after a passage through JSON."""
        arrays = {name: np.array(plain[name], np.float64) for name in ARRAYS}
        tuples = {name: tuple(plain[name]) for name in ("inputs", "features", "continues_")}
        scan = tuple(KScan(**row) for row in plain["k_scan_"])
        return cls(**{**plain, **arrays, **tuples, "k_scan_": scan})


ARRAYS = ("fill_", "mean_", "scale_", "centroids_", "bin_edges_", "bin_shares_")


def feature_matrix(facts: Mapping[str, NDArray[Any]], *, window: int = 365) -> Floats:
    """Return one row per member and one column per entry of FEATURES, skewed ones as log1p.

    facts: columns by the names of Facts. A fact without a denominator stays NaN until a model
    fills it.
    """
    values = {**facts, "packs_per_week": facts["packs"] * 7 / window}
    columns = np.array([values[name] for name in FEATURES], np.float64)
    for name, column in zip(FEATURES, columns, strict=True):
        if name in SKEWED:
            np.log1p(np.maximum(column, 0), out=column)
    return columns.T


def fit(matrix: Floats, *, random_state: int, **options: Any) -> ClusterModel:
    """Fit clusters to a matrix of shape (members, features); the rest as for fit_and_assign."""
    return fit_and_assign(matrix, random_state=random_state, **options)[0]


def fit_and_assign(
    matrix: Floats,
    *,
    random_state: int,
    features: Sequence[str] = FEATURES,
    k: int | None = None,
    previous: ClusterModel | None = None,
    sample: int = 5_000,
) -> tuple[ClusterModel, Labels]:
    """Fit clusters to a matrix of shape (members, features) of the scored population.

    Returns the model and the label of each row, as assign would give them. Unless k is given, it is the
    best silhouette within 4 to 8 whose smallest cluster holds 2 % of members. Clusters keep the order of
    those of previous that they continue; without one they are ordered by the first feature, highest
    first. ValueError if too few members differ.
    """
    from sklearn.metrics import adjusted_rand_score
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from segmentation.analytics.silhouette import silhouettes

    # Sums of several threads are added in any order; one thread makes a fit repeatable.
    with threadpool_limits(limits=1):
        scaling = _scaling(matrix, tuple(features))
        points = scaling.standardise(matrix)
        rows = _sample_rows(len(points), sample, random_state)
        some = np.ascontiguousarray(points[rows])
        scan = _scan(some, random_state)
        centroids, inertia = _best_fit(points, _preferred(scan, k), random_state)
        known = previous if previous and previous.inputs == scaling.inputs else None
        order, continues = _order(centroids, scaling, known)
        centroids = centroids[order]
        labels = _nearest(points, centroids)
        (silhouette,) = silhouettes(some, [labels[rows]])
    edges = np.quantile(some, DECILES, axis=0).T
    model = ClusterModel(
        **{field.name: getattr(scaling, field.name) for field in fields(Scaling)},
        centroids_=centroids,
        k_scan_=tuple(scan),
        inertia_=inertia,
        silhouette_=silhouette,
        agreement_=float(adjusted_rand_score(assign(matrix, known), labels)) if known else None,
        continues_=continues,
        bin_edges_=edges,
        bin_shares_=_bin_shares(points, edges),
        random_state=random_state,
    )
    return model, labels


def assign(matrix: Floats, model: ClusterModel) -> Labels:
    """Return the nearest cluster of each row of a matrix of shape (members, model.inputs)."""
    return _nearest(model.standardise(matrix), model.centroids_)


def profile(matrix: Floats, labels: Labels, model: ClusterModel) -> Floats:
    """Return mean z-scores per cluster, shape (k, features); NaN for a cluster with no member."""
    points = model.standardise(matrix)
    empty = np.full(len(model.features), np.nan)
    clusters = (points[labels == label] for label in range(len(model.centroids_)))
    return np.stack([members.mean(axis=0) if len(members) else empty for members in clusters])


def plain_names(profiles: Floats, features: Sequence[str]) -> list[Name]:
    """Return for each row of profiles up to two (feature, "high" or "low") that set it apart.

    No two clusters get the same set; one near the mean in everything may get the empty name.
    """
    names: list[Name] = []
    for row in np.nan_to_num(profiles):
        taken = {frozenset(name) for name in names}
        free = (name for name in _possible_names(row, features) if frozenset(name) not in taken)
        names.append(next(free))
    return names


def population_stability(matrix: Floats, model: ClusterModel) -> dict[str, float]:
    """Return the population-stability index of each feature against the fit.

    Sum over the fit's deciles of (now - then) · ln(now / then); above 0.2 a feature has shifted.
    """
    now = np.maximum(_bin_shares(model.standardise(matrix), model.bin_edges_), SMALLEST_BIN)
    then = np.maximum(model.bin_shares_, SMALLEST_BIN)
    index = ((now - then) * np.log(now / then)).sum(axis=1)
    return dict(zip(model.features, index.tolist(), strict=True))


def _scaling(matrix: Floats, inputs: tuple[str, ...]) -> Scaling:
    with ThreadPoolExecutor() as pool:
        found = dict(zip(inputs, pool.map(_moments, matrix.T), strict=True))
    varied = {name: moments for name, moments in found.items() if moments}
    if not varied:
        raise ValueError(TOO_ALIKE)
    fill, mean, scale = np.array(list(varied.values())).T
    return Scaling(inputs, tuple(varied), fill, mean, scale)


def _moments(column: Floats) -> tuple[float, float, float] | None:
    """Median, and mean and standard deviation with the median for what is missing; None if all are equal."""
    # In one piece: strided values take several times as long, and are summed in another order.
    column = np.ascontiguousarray(column)
    missing = np.isnan(column)
    known = column[~missing]
    if not len(known) or np.ptp(known) == 0:
        return None
    median = float(np.median(known))
    filled = np.where(missing, median, column)
    return median, float(filled.mean()), float(filled.std())


def _sample_rows(members: int, sample: int, random_state: int) -> Labels:
    if members <= sample:
        return np.arange(members)
    return np.sort(np.random.default_rng(random_state).choice(members, sample, replace=False))


def _scan(points: Floats, random_state: int) -> list[KScan]:
    from sklearn.metrics import davies_bouldin_score

    from segmentation.analytics.silhouette import silhouettes

    distinct = len(np.unique(points, axis=0))
    if distinct <= SCANNED.start:
        raise ValueError(TOO_ALIKE)
    ks = [k for k in SCANNED if k < distinct]
    labelings = [_k_means(points, k, SCAN_INITS, random_state).labels_ for k in ks]
    return [
        KScan(
            k,
            silhouette,
            float(davies_bouldin_score(points, labels)),
            float(np.bincount(labels).min() / len(labels)),
        )
        for k, labels, silhouette in zip(ks, labelings, silhouettes(points, labelings), strict=True)
    ]


def _k_means(points: Floats, k: int, inits: int, random_state: int) -> KMeans:
    from sklearn.cluster import KMeans

    return KMeans(k, n_init=inits, random_state=random_state).fit(np.ascontiguousarray(points))


def _k_means_of_all(points: Floats, k: int, random_state: int) -> KMeans:
    from sklearn.cluster import KMeans

    rows = _sample_rows(len(points), SOUGHT_AMONG, random_state)
    model = _k_means(points[rows], k, FULL_INITS, random_state)
    if len(rows) == len(points):
        return model
    return KMeans(k, init=model.cluster_centers_, n_init=1).fit(np.ascontiguousarray(points))


def _preferred(scan: Sequence[KScan], pinned: int | None) -> list[int]:
    usual = [row for row in scan if row.k == pinned or (pinned is None and row.k in USUAL)]
    if not usual:
        raise ValueError(TOO_ALIKE)
    usual.sort(key=lambda row: (row.smallest_share < SMALLEST_SHARE, -row.silhouette))
    return [row.k for row in usual]


def _best_fit(points: Floats, ks: Sequence[int], random_state: int) -> tuple[Floats, float]:
    """Take the first k whose smallest cluster is large enough, else the one that comes nearest."""
    fits: list[tuple[float, KMeans]] = []
    for k in ks:
        model = _k_means_of_all(points, k, random_state)
        fits.append((np.bincount(model.labels_, minlength=k).min() / len(points), model))
        if fits[-1][0] >= SMALLEST_SHARE:
            break
    _, best = max(fits, key=lambda found: found[0])
    return best.cluster_centers_, float(best.inertia_)


def _order(
    centroids: Floats, scaling: Scaling, previous: ClusterModel | None
) -> tuple[list[int], tuple[int | None, ...]]:
    by_first_feature: list[int] = np.argsort(-centroids[:, 0], kind="stable").tolist()
    if previous is None:
        return by_first_feature, (None,) * len(centroids)
    match = _matches(centroids, scaling, previous)
    order = sorted(by_first_feature, key=lambda at: match.get(at, len(previous.centroids_)))
    return order, tuple(match.get(at) for at in order)


def _matches(centroids: Floats, scaling: Scaling, previous: ClusterModel) -> dict[int, int]:
    """Match clusters to the previous ones by the Hungarian method, in z-scores of the new fit."""
    from scipy.optimize import linear_sum_assignment

    shared = [name for name in scaling.features if name in previous.features]
    new = [scaling.features.index(name) for name in shared]
    old = [previous.features.index(name) for name in shared]
    before = previous.centroids_[:, old] * previous.scale_[old] + previous.mean_[old]
    before = (before - scaling.mean_[new]) / scaling.scale_[new]
    cost = ((centroids[:, None, new] - before[None]) ** 2).sum(axis=2)
    return {int(at): int(label) for at, label in zip(*linear_sum_assignment(cost), strict=True)}


def _nearest(points: Floats, centroids: Floats) -> Labels:
    starts = range(0, len(points), NEAREST_ROWS)
    labels = [_nearest_of(points[start : start + NEAREST_ROWS], centroids) for start in starts]
    return np.concatenate([np.zeros(0, np.intp), *labels])


def _nearest_of(points: Floats, centroids: Floats) -> Labels:
    # Feature by feature: a matrix product may round by the number of rows it is given.
    distance = np.zeros((len(centroids), len(points)))
    for values, centres in zip(points.T, centroids.T, strict=True):
        distance += (values - centres[:, None]) ** 2
    return np.asarray(distance.argmin(axis=0), np.intp)


def _bin_shares(points: Floats, edges: Floats) -> Floats:
    of_features = zip(edges, points.T, strict=True)
    reached = [[np.count_nonzero(values >= cut) for cut in cuts] for cuts, values in of_features]
    counts = -np.diff(reached, axis=1, prepend=len(points), append=0)
    return counts / max(len(points), 1)


def _possible_names(row: Floats, features: Sequence[str]) -> Iterator[Name]:
    strongest_first = np.argsort(-np.abs(row), kind="stable").tolist()
    traits = [(features[at], "high" if row[at] > 0 else "low") for at in strongest_first]
    apart = int((np.abs(row) >= APART).sum())
    yield tuple(traits[: min(apart, 2)])
    yield from chain(combinations(traits, 2), combinations(traits, 1))
