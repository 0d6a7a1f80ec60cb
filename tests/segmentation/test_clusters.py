import json
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_score

from segmentation.analytics import clusters
from segmentation.analytics.facts import Facts
from segmentation.analytics.silhouette import silhouettes

WIDTH = len(clusters.FEATURES)


def blobs(seed: int, members: int = 2000, groups: int = 5, spread: float = 0.6) -> Any:
    random = np.random.default_rng(seed)
    group = random.integers(0, groups, members)
    centres = np.random.default_rng(99).normal(0, 2, (groups, WIDTH))
    return centres[group] + random.normal(0, spread, (members, WIDTH)), group


def facts_with(**columns: list[float]) -> Facts:
    size = len(next(iter(columns.values())))
    blank = {field.name: np.zeros(size) for field in fields(Facts)}
    return Facts(**{**blank, **{name: np.array(values) for name, values in columns.items()}})


@pytest.fixture(scope="module")
def model() -> clusters.ClusterModel:
    return clusters.fit(blobs(1)[0], random_state=3)


def test_it_recovers_planted_groups(model: clusters.ClusterModel) -> None:
    matrix, group = blobs(2)
    assert adjusted_rand_score(group, clusters.assign(matrix, model)) > 0.98
    assert [row.k for row in model.k_scan_] == list(range(2, 11))
    assert len(model.centroids_) == 5


def test_it_gives_the_same_model_twice(model: clusters.ClusterModel) -> None:
    again = clusters.fit(blobs(1)[0], random_state=3)
    assert again.to_dict() == model.to_dict()


def test_it_orders_clusters_by_the_first_feature(model: clusters.ClusterModel) -> None:
    assert (np.diff(model.centroids_[:, 0]) < 0).all()


def test_it_keeps_labels_over_a_refit_with_another_seed() -> None:
    matrix, _ = blobs(4, groups=6, spread=1.5)
    first = clusters.fit(matrix, random_state=0, k=6)
    second = clusters.fit(matrix, random_state=1, k=6, previous=first)
    agreement = (clusters.assign(matrix, first) == clusters.assign(matrix, second)).mean()
    assert agreement >= 0.95
    assert second.continues_ == (0, 1, 2, 3, 4, 5)
    assert second.agreement_ is not None
    assert second.agreement_ > 0.9


def test_it_follows_previous_labels_in_another_order_and_scale() -> None:
    matrix, _ = blobs(1)
    matrix = matrix * np.linspace(1, 9, WIDTH) + np.linspace(-30, 50, WIDTH)
    model = clusters.fit(matrix, random_state=3)
    raw = (model.centroids_ * model.scale_ + model.mean_)[[3, 1, 4, 0, 2]]
    mean, scale = np.linspace(90, -90, WIDTH), np.linspace(5, 0.2, WIDTH)
    turned = replace(model, centroids_=(raw - mean) / scale, mean_=mean, scale_=scale)
    refit = clusters.fit(matrix, random_state=8, previous=turned)
    assert refit.continues_ == (0, 1, 2, 3, 4)
    np.testing.assert_allclose(refit.centroids_ * refit.scale_ + refit.mean_, raw, rtol=1e-6)


def test_it_matches_clusters_in_the_units_of_the_new_fit(model: clusters.ClusterModel) -> None:
    names = ("a", "b")
    now = clusters.Scaling(names, names, np.zeros(2), np.zeros(2), np.ones(2))
    stored_scale = np.array([0.01, 100])
    previous = replace(
        model,
        inputs=names,
        features=names,
        mean_=np.zeros(2),
        scale_=stored_scale,
        centroids_=np.array([[0.1, 3.5], [0.9, 0.5]]) / stored_scale,
    )
    assert clusters._matches(np.array([[0.0, 0.0], [1.0, 4.0]]), now, previous) == {0: 1, 1: 0}


def test_it_says_which_clusters_are_new() -> None:
    matrix, _ = blobs(5)
    four = clusters.fit(matrix, random_state=0, k=4)
    five = clusters.fit(matrix, random_state=0, k=5, previous=four)
    assert five.continues_ == (0, 1, 2, 3, None)
    back = clusters.fit(matrix, random_state=0, k=4, previous=five)
    assert len(set(back.continues_)) == 4
    assert list(back.continues_) == sorted(label for label in back.continues_ if label is not None)


def test_it_assigns_identically_after_a_passage_through_json(model: clusters.ClusterModel) -> None:
    matrix, _ = blobs(6)
    stored = clusters.ClusterModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert (clusters.assign(matrix, stored) == clusters.assign(matrix, model)).all()
    assert stored.to_dict() == model.to_dict()


def test_it_labels_a_member_the_same_in_any_company(model: clusters.ClusterModel) -> None:
    matrix = np.random.default_rng(0).normal(0, 3, (500, WIDTH))
    matrix[::7, 3] = np.nan
    alone = [int(clusters.assign(row[None], model)[0]) for row in matrix]
    assert alone == clusters.assign(matrix, model).tolist()


def test_it_drops_constant_facts_and_says_so() -> None:
    matrix, _ = blobs(7)
    matrix[:, 2] = 4.0
    matrix[:, 5] = np.nan
    model = clusters.fit(matrix, random_state=0)
    assert model.dropped == ("price_per_pack", "evening_share")
    assert model.centroids_.shape[1] == WIDTH - 2


def test_it_reads_a_missing_fact_as_the_median_at_the_fit() -> None:
    matrix, _ = blobs(8)
    matrix[:, 8] += 50
    matrix[:100, 8] = np.nan
    model = clusters.fit(matrix, random_state=0)
    assert model.fill_[8] == np.median(matrix[100:, 8])
    filled = matrix.copy()
    filled[:100, 8] = model.fill_[8]
    assert (clusters.assign(matrix, model) == clusters.assign(filled, model)).all()


def test_it_passes_over_a_k_that_splits_off_less_than_two_percent() -> None:
    points, group = blobs(9, groups=4)
    points[np.flatnonzero(group == 0)[:20]] += 4
    centroids, _ = clusters._best_fit(points, [5, 4], 0)
    assert len(centroids) == 4
    for_want_of_better, _ = clusters._best_fit(points, [5], 0)
    assert len(for_want_of_better) == 5


def test_it_prefers_silhouette_among_the_usual_and_large_enough() -> None:
    scan = [
        clusters.KScan(2, 0.9, 1, 0.4),
        clusters.KScan(4, 0.3, 1, 0.1),
        clusters.KScan(5, 0.8, 1, 0.01),
        clusters.KScan(6, 0.5, 1, 0.02),
    ]
    assert clusters._preferred(scan, None) == [6, 4, 5]
    assert clusters._preferred(scan, 2) == [2]


def test_it_refuses_members_too_alike_to_cluster() -> None:
    with pytest.raises(ValueError, match="too few members differ"):
        clusters.fit(np.ones((50, WIDTH)), random_state=0)
    with pytest.raises(ValueError, match="too few members differ"):
        clusters.fit(blobs(1, members=4)[0], random_state=0)
    with pytest.raises(ValueError, match="too few members differ"):
        clusters.fit(np.empty((0, WIDTH)), random_state=0)


def test_it_measures_silhouettes_as_scikit_learn_does() -> None:
    points, group = blobs(10, members=1500)
    labelings = [group, np.arange(1500) % 3, np.minimum(np.arange(1500), 1)]
    expected = [silhouette_score(points, labels) for labels in labelings]
    assert silhouettes(points, labelings) == pytest.approx(expected, abs=1e-6)


def test_it_profiles_clusters_as_mean_z_scores(model: clusters.ClusterModel) -> None:
    matrix, _ = blobs(1)
    labels = clusters.assign(matrix, model)
    profile = clusters.profile(matrix, labels, model)
    np.testing.assert_allclose(profile, model.centroids_, atol=1e-2)
    weighted = profile * np.bincount(labels)[:, None]
    np.testing.assert_allclose(weighted.sum(axis=0), 0, atol=1e-6)


def test_it_profiles_an_empty_cluster_as_unknown(model: clusters.ClusterModel) -> None:
    matrix, _ = blobs(1)
    profile = clusters.profile(matrix[:3], np.array([0, 0, 2]), model)
    assert np.isnan(profile[[1, 3, 4]]).all()
    assert not np.isnan(profile[[0, 2]]).any()


def test_it_names_clusters_by_what_sets_them_apart() -> None:
    names = clusters.plain_names(
        np.array([[2.0, -0.1, -1.0], [0.1, 0.9, 0.2], [0.1, -0.2, 0.1]]), ("a", "b", "c")
    )
    assert names == [(("a", "high"), ("c", "low")), (("b", "high"),), ()]


def test_it_gives_every_cluster_another_name() -> None:
    profiles = np.tile([0.1, 1.0, -2.0, 0.6], (6, 1))
    names = clusters.plain_names(profiles, ("a", "b", "c", "d"))
    assert len({frozenset(name) for name in names}) == 6
    assert names[0] == (("c", "low"), ("b", "high"))


def test_it_builds_the_matrix_from_facts() -> None:
    facts = facts_with(
        packs=[365, 0],
        carton_share=[0.5, np.nan],
        price_per_pack=[np.e - 1, np.nan],
        mean_ticket_cents=[99, -5],
    )
    matrix = clusters.feature_matrix(vars(facts), window=365)
    column = dict(zip(clusters.FEATURES, matrix.T, strict=True))
    assert column["packs_per_week"].tolist() == pytest.approx([np.log(8), 0])
    assert column["carton_share"].tolist() == pytest.approx([0.5, np.nan], nan_ok=True)
    assert column["price_per_pack"].tolist() == pytest.approx([1, np.nan], nan_ok=True)
    assert column["mean_ticket_cents"].tolist() == pytest.approx([np.log(100), 0])


def test_it_finds_an_unchanged_population_stable(model: clusters.ClusterModel) -> None:
    index = clusters.population_stability(blobs(1)[0], model)
    assert list(index) == list(clusters.FEATURES)
    assert max(index.values()) == pytest.approx(0, abs=1e-12)


def test_it_finds_the_one_fact_that_shifted(model: clusters.ClusterModel) -> None:
    matrix, _ = blobs(1)
    matrix[:, 4] += matrix[:, 4].std()
    index = clusters.population_stability(matrix, model)
    assert [name for name, value in index.items() if value > 0.2] == ["brand_entropy"]


def test_it_computes_the_stability_index_by_its_formula() -> None:
    matrix = np.column_stack([np.arange(1000.0), np.tile([0.0, 1.0], 500)])
    model = clusters.fit(matrix, random_state=0, features=("a", "b"))
    lower_half = matrix[:500]
    # Five bins go from 10 % to 20 %, five from 10 % to the floor of 0.01 %.
    expected = 5 * 0.1 * np.log(2) + 5 * (0.0001 - 0.1) * np.log(0.001)
    index = clusters.population_stability(lower_half, model)
    assert index["a"] == pytest.approx(expected)
    assert index["b"] == pytest.approx(0)
