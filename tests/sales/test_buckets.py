"""Records between the first and the second half of an import of sales."""

from contextlib import ExitStack
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from sales.imports import buckets
from sales.imports.buckets import Buckets
from sales.imports.parse import LINE


def records(numbers: list[str], stores: list[int]) -> NDArray[np.void]:
    made = np.zeros(len(numbers), LINE)
    made["number"], made["store"], made["row"] = numbers, stores, np.arange(len(numbers))
    return made


def given_back(*batches: NDArray[np.void], size: int = 1) -> list[NDArray[np.void]]:
    with ExitStack() as stack:
        held = Buckets(size, stack)
        for batch in batches:
            held.write(batch)
        found = list(held.each())
    assert held.read == held.written == sum(map(len, batches))
    return found


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "MOST_RECORDS", 40)
    monkeypatch.setattr(buckets, "SAMPLED", 2)


def test_they_keep_a_store_together_and_its_rows_in_order() -> None:
    sent = records(["b", "a"] * 20, [1, 2, 3, 4] * 10)
    found = given_back(sent[:25], sent[25:], size=2 * buckets.BYTES_PER_BUCKET)
    assert [set(piece["store"].tolist()) for piece in found] == [{3}, {1, 4}, {2}]
    assert all((np.diff(piece["row"]) > 0).all() for piece in found)


@pytest.mark.usefixtures("small")
def test_they_split_a_huge_store_by_number_and_no_receipt() -> None:
    numbers = [f"{n % 200:03}" for n in np.random.default_rng(1).integers(0, 200, 1_000).tolist()]
    found = given_back(records(numbers, [7] * 1_000))
    assert len(found) > 10 and max(map(len, found)) < 80
    ends = [(min(piece["number"].tolist()), max(piece["number"].tolist())) for piece in found]
    assert all(before[1] < after[0] for before, after in pairwise(ends))
    assert all((np.diff(piece[piece["number"] == piece["number"][0]]["row"]) > 0).all() for piece in found)


@pytest.mark.usefixtures("small")
def test_they_split_rows_without_a_number_too() -> None:
    found = given_back(records([""] * 500, [0] * 500))
    assert max(map(len, found)) < 80
