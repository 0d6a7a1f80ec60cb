from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.analytics.digits import Digits
from segmentation.analytics.ids import distinct, places

rows = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 1), st.integers(0, 10**12)), max_size=30)
ids = st.lists(st.integers(1, 60) | st.integers(10**9, 10**9 + 60), max_size=30)


@given(rows)
def test_rows_as_one_number_sort_as_the_rows_and_come_back(given_rows: Any) -> None:
    digits = Digits(41, 2, 10**12 + 1)
    columns = np.array(given_rows, np.int64).reshape(-1, 3).T
    in_order = digits.split(np.sort(digits.join(*columns)))
    assert list(zip(*(column.tolist() for column in in_order), strict=True)) == sorted(given_rows)


def test_what_does_not_go_into_one_number_is_refused() -> None:
    assert Digits(1 << 32, 1 << 31).bits == [32, 31]
    with pytest.raises(ValueError, match="63 bits"):
        Digits(1 << 32, (1 << 31) + 1)


@given(ids, ids)
def test_ids_are_found_in_tables_as_by_searching(known: list[int], wanted: list[int]) -> None:
    in_order = distinct(np.array(known, np.int64), np.array(known[:2], np.int64))
    assert in_order.tolist() == sorted(set(known))
    at, there = places(in_order, np.array(wanted, np.int64))
    assert there.tolist() == [each in known for each in wanted]
    assert in_order[at[there]].tolist() == [each for each in wanted if each in known]
