from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.analytics import rfm

whole_numbers = st.lists(st.integers(-1000, 1000), min_size=1, max_size=60).map(np.array)


def test_it_scores_five_distinct_values_one_to_five() -> None:
    assert rfm.score(np.array([30, 10, 50, 20, 40])).tolist() == [3, 1, 5, 2, 4]


def test_it_counts_strictly_worse_values_only() -> None:
    # less = 0, 0, 0, 3, 4, 5, 6 of n = 7
    assert rfm.score(np.array([1, 1, 1, 2, 3, 4, 5])).tolist() == [1, 1, 1, 3, 3, 4, 5]


def test_it_scores_low_values_high_in_reverse() -> None:
    assert rfm.score(np.array([30, 10, 50, 20, 40]), reverse=True).tolist() == [3, 5, 1, 4, 2]


def test_it_scores_nobody() -> None:
    assert rfm.score(np.array([], dtype=np.int64)).tolist() == []


def test_it_refuses_a_missing_value() -> None:
    with pytest.raises(ValueError, match="missing"):
        rfm.score(np.array([1.0, np.nan]))


@given(whole_numbers)
def test_it_follows_the_integer_rule_for_any_values(values: np.ndarray) -> None:
    expected = [1 + 5 * int((values < value).sum()) // len(values) for value in values]
    assert rfm.score(values).tolist() == expected


@given(whole_numbers)
def test_it_is_its_own_mirror_in_reverse(values: np.ndarray) -> None:
    assert rfm.score(values, reverse=True).tolist() == rfm.score(-values).tolist()


@given(whole_numbers, st.randoms())
def test_it_does_not_depend_on_row_order(values: np.ndarray, random: Random) -> None:
    order = list(range(len(values)))
    random.shuffle(order)
    assert rfm.score(values[order]).tolist() == rfm.score(values)[order].tolist()


@given(st.lists(st.integers(1, 4), min_size=1, max_size=60))
def test_it_scores_members_with_one_receipt_f1(receipts: list[int]) -> None:
    counts = np.array([1, *receipts])
    scores = rfm.rfm_scores(counts, counts, counts)
    assert set(scores.f[counts == 1].tolist()) == {1}


def test_it_scores_a_later_last_visit_higher() -> None:
    silence = np.array([400, 300, 200, 100, 0])
    assert rfm.rfm_scores(silence, np.full(5, 2), np.arange(5)).r.tolist() == [1, 2, 3, 4, 5]


def test_it_refuses_members_without_a_receipt_in_the_window() -> None:
    with pytest.raises(ValueError, match="receipt"):
        rfm.rfm_scores(np.array([5, 6]), np.array([1, 0]), np.array([10, 0]))


def test_it_shows_empty_scores() -> None:
    scores = rfm.score(np.array([1, 1, 1, 1, 2]))
    assert rfm.score_shares(scores).tolist() == [4, 0, 0, 0, 1]


def test_it_gives_each_of_the_25_cells_one_known_segment() -> None:
    rfm.check_grid(rfm.DEFAULT_GRID)
    assert Counter(segment for row in rfm.DEFAULT_GRID for segment in row) == {
        "champions": 2,
        "loyal": 4,
        "potential": 4,
        "new": 1,
        "promising": 1,
        "attention": 1,
        "about_to_sleep": 2,
        "cant_lose": 2,
        "at_risk": 4,
        "hibernating": 4,
    }
    assert len(rfm.SEGMENTS) == len(set(rfm.SEGMENTS)) == 10


def test_it_looks_segments_up_by_score() -> None:
    r = np.array([5, 5, 4, 3, 3, 1, 2, 1], dtype=np.int8)
    f = np.array([5, 1, 1, 3, 2, 5, 4, 1], dtype=np.int8)
    assert [rfm.SEGMENTS[place] for place in rfm.place_of(r, f, rfm.DEFAULT_GRID)] == [
        "champions",
        "new",
        "promising",
        "attention",
        "about_to_sleep",
        "cant_lose",
        "at_risk",
        "hibernating",
    ]


@pytest.mark.parametrize("cell", range(25))
def test_it_refuses_a_grid_with_a_gap_or_an_unknown_segment(cell: int) -> None:
    r, f = divmod(cell, 5)
    for segment in ("", "emperors"):
        grid = [list(row) for row in rfm.DEFAULT_GRID]
        grid[r][f] = segment
        with pytest.raises(ValueError, match=f"R{r + 1} F{f + 1} has no segment"):
            rfm.check_grid(grid)


def test_it_refuses_a_grid_of_another_size() -> None:
    for grid in ([*rfm.DEFAULT_GRID, rfm.DEFAULT_GRID[0]], [row[:4] for row in rfm.DEFAULT_GRID]):
        with pytest.raises(ValueError, match="5 × 5"):
            rfm.check_grid(grid)


grouped = st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 4)), max_size=60).map(
    lambda rows: (
        np.array([value for value, _group in rows], np.int64),
        np.array([group for _value, group in rows], np.int64),
    )
)


@given(grouped, st.booleans())
def test_it_scores_each_group_as_if_it_were_alone(rows: tuple[np.ndarray, np.ndarray], reverse: bool) -> None:
    values, groups = rows
    scores = rfm.score(values, reverse, groups=groups)
    for group in np.unique(groups):
        own = groups == group
        assert scores[own].tolist() == rfm.score(values[own], reverse).tolist()


@given(grouped, st.randoms(), st.booleans())
def test_it_does_not_depend_on_row_order_in_groups(
    rows: tuple[np.ndarray, np.ndarray], random: Random, reverse: bool
) -> None:
    values, groups = rows
    order = list(range(len(values)))
    random.shuffle(order)
    scores = rfm.score(values, reverse, groups=groups)
    assert rfm.score(values[order], reverse, groups=groups[order]).tolist() == scores[order].tolist()


def test_it_scores_by_break_points() -> None:
    values = np.array([0, 1, 2, 5, 9, 10, 11])
    assert rfm.banded(values, (1, 2, 5, 10)).tolist() == [1, 2, 3, 4, 4, 5, 5]
    # Days of silence: up to the first point is best, beyond the last is worst.
    assert rfm.banded(values, (1, 2, 5, 10), reverse=True).tolist() == [5, 5, 4, 3, 2, 2, 1]


@pytest.mark.parametrize("points", [(1, 2, 3), (1, 2, 2, 3), (4, 3, 2, 1), (1, 2, 3, 4, 5)])
def test_it_refuses_break_points_that_do_not_rise(points: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="not 4 rising break points"):
        rfm.banded(np.array([1]), points)


def test_it_scores_all_three_by_break_points_or_among_peers() -> None:
    silence, visits, cents = np.array([3, 40]), np.array([12, 1]), np.array([90_000, 500])
    breaks = rfm.Breaks((7, 30, 60, 90), (2, 4, 8, 16), (10_000, 30_000, 80_000, 200_000))
    fixed = rfm.rfm_scores(silence, visits, cents, breaks=breaks)
    assert [scores.tolist() for scores in fixed] == [[5, 3], [4, 1], [4, 1]]
    alone = rfm.rfm_scores(silence, visits, cents, groups=np.array([1, 2]))
    assert [scores.tolist() for scores in alone] == [[1, 1]] * 3


def test_it_makes_the_eight_classes_from_the_means() -> None:
    # Means: 20 days of silence, 4 visits, 100 spend; a value at the mean is high.
    silence = np.array([20, 10, 30, 20])
    visits = np.array([4, 2, 8, 2])
    spend = np.array([100, 50, 200, 50])
    classes = [rfm.VALUE_CLASSES[place] for place in rfm.value_class(silence, visits, spend)]
    assert classes == ["111", "100", "011", "100"]
