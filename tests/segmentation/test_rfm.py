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
    days = np.array([100, 200, 300, 400, 500])
    assert rfm.rfm_scores(days, np.full(5, 2), np.arange(5)).r.tolist() == [1, 2, 3, 4, 5]


def test_it_refuses_members_without_a_receipt_in_the_window() -> None:
    with pytest.raises(ValueError, match="receipt"):
        rfm.rfm_scores(np.array([5, 6]), np.array([1, 0]), np.array([10, 0]))


def test_it_shows_empty_scores() -> None:
    scores = rfm.score(np.array([1, 1, 1, 1, 2]))
    assert rfm.score_shares(scores).tolist() == [4, 0, 0, 0, 1]


def test_it_gives_each_of_the_25_cells_one_known_segment() -> None:
    counts = Counter(rfm.segment_grid().ravel().tolist())
    assert counts == {
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
    assert tuple(rfm.DEFAULT_MAP) == rfm.SEGMENTS


def test_it_looks_segments_up_by_score() -> None:
    r = np.array([5, 5, 4, 3, 3, 1, 2, 1], dtype=np.int8)
    f = np.array([5, 1, 1, 3, 2, 5, 4, 1], dtype=np.int8)
    assert rfm.segment_of(r, f).tolist() == [
        "champions",
        "new",
        "promising",
        "attention",
        "about_to_sleep",
        "cant_lose",
        "at_risk",
        "hibernating",
    ]


def test_it_refuses_a_map_with_a_gap() -> None:
    gap = {code: blocks for code, blocks in rfm.DEFAULT_MAP.items() if code != "attention"}
    with pytest.raises(ValueError, match="R3 F3 has no segment"):
        rfm.check_map(gap)


def test_it_refuses_a_map_with_an_overlap() -> None:
    overlap = {**rfm.DEFAULT_MAP, "new": (rfm.Block(5, 5, 1, 2),)}
    with pytest.raises(ValueError, match="R5 F2 is in potential and new"):
        rfm.check_map(overlap)


def test_it_refuses_a_map_beyond_the_grid() -> None:
    with pytest.raises(ValueError, match="R6 F1"):
        rfm.check_map({**rfm.DEFAULT_MAP, "new": (rfm.Block(5, 6, 1, 1),)})


def test_it_makes_the_eight_classes_from_the_means() -> None:
    # Means: 20 days of silence, 4 visits, 100 spend; a value at the mean is high.
    silence = np.array([20, 10, 30, 20])
    visits = np.array([4, 2, 8, 2])
    spend = np.array([100, 50, 200, 50])
    assert rfm.value_class(silence, visits, spend).tolist() == ["111", "100", "011", "100"]
