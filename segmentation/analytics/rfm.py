"""Recency, frequency and monetary scores, and the segments drawn on them.

Every function takes the scored population only: members with at least one receipt in the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.integer[Any]] | NDArray[np.floating[Any]]
Scores = NDArray[np.int8]

BANDS = 5

SEGMENTS = (
    "champions",
    "loyal",
    "potential",
    "new",
    "promising",
    "attention",
    "about_to_sleep",
    "cant_lose",
    "at_risk",
    "hibernating",
)
VALUE_CLASSES = tuple(f"{code:03b}" for code in range(8))


Grid = Sequence[Sequence[str]]

# The segment of each cell: a row for each recency score from 1 up, a column for each frequency score.
DEFAULT_GRID: Grid = (
    ("hibernating", "hibernating", "at_risk", "at_risk", "cant_lose"),
    ("hibernating", "hibernating", "at_risk", "at_risk", "cant_lose"),
    ("about_to_sleep", "about_to_sleep", "attention", "loyal", "loyal"),
    ("promising", "potential", "potential", "loyal", "loyal"),
    ("new", "potential", "potential", "champions", "champions"),
)


class RfmScores(NamedTuple):
    """int8 arrays of 1–5, 5 best; one entry per member."""

    r: Scores
    f: Scores
    m: Scores


class Breaks(NamedTuple):
    """Four rising break points for each of R (days of silence), F (visits) and M (cents)."""

    r: Sequence[int]
    f: Sequence[int]
    m: Sequence[int]


def score(values: Values, reverse: bool = False, *, groups: Values | None = None) -> Scores:
    """Return 1 + (5 · less) div n, where less counts members with a strictly worse value.

    Worse is lower, or higher if reverse. groups: the peer group of each member; less and n then count
    its own group only. Equal values of a group always get equal scores, whatever the order of rows, and
    the lowest tie is always 1. ValueError if a value is NaN.
    """
    if np.isnan(values).any():
        raise ValueError("a value to score is missing")
    if groups is None:
        return (1 + BANDS * _less(values, reverse) // max(len(values), 1)).astype(np.int8)
    less, of = _less_in_group(values, groups, reverse)
    return (1 + BANDS * less // of).astype(np.int8)


def _less(values: Values, reverse: bool) -> NDArray[np.int64]:
    if values.dtype.kind in "iu" and len(values) and np.ptp(values) < 4 * len(values):
        return _less_by_counting(values, reverse)
    in_order = np.sort(values)
    if reverse:
        return np.asarray(len(values) - np.searchsorted(in_order, values, side="right"), np.int64)
    return np.asarray(np.searchsorted(in_order, values, side="left"), np.int64)


def _less_by_counting(values: Values, reverse: bool) -> NDArray[np.int64]:
    """The same of whole numbers that lie close together, several times as fast."""
    places = values - values.min()
    counts = np.bincount(places)
    up_to = np.cumsum(counts)
    less = len(values) - up_to if reverse else up_to - counts
    return np.asarray(less[places], np.int64)


def _less_in_group(
    values: Values, groups: Values, reverse: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the members of the own group with a worse value, and all of that group."""
    order = np.lexsort((values, groups))
    group, value = groups[order], values[order]
    is_first = np.diff(group, prepend=group[:1]) != 0
    is_first[:1] = True
    is_new = is_first | (np.diff(value, prepend=value[:1]) != 0)
    begin, size = _spread(is_first)
    tie, ties = _spread(is_new)
    less, of = np.empty((2, len(order)), np.int64)
    less[order] = begin + size - tie - ties if reverse else tie - begin
    of[order] = size
    return less, of


def _spread(starts: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, for each row, where its run of rows begins and how long it is."""
    places = np.flatnonzero(starts)
    lengths = np.diff(places, append=len(starts))
    return np.repeat(places, lengths), np.repeat(lengths, lengths)


def check_breaks(breaks: Sequence[int]) -> None:
    """Raise ValueError unless these are four break points that rise."""
    if len(breaks) != BANDS - 1 or any(low >= high for low, high in pairwise(breaks)):
        raise ValueError(f"not {BANDS - 1} rising break points: {list(breaks)}")


def banded(values: Values, breaks: Sequence[int], reverse: bool = False) -> Scores:
    """Return 1 and one more for each break point reached; in reverse 5, one less for each exceeded.

    ValueError unless the four break points rise.
    """
    check_breaks(breaks)
    if reverse:
        return (BANDS - np.searchsorted(breaks, values, side="left")).astype(np.int8)
    return (1 + np.searchsorted(breaks, values, side="right")).astype(np.int8)


def rfm_scores(
    silence: Values,
    receipts: Values,
    cents: Values,
    *,
    groups: Values | None = None,
    breaks: Breaks | None = None,
) -> RfmScores:
    """Score the days of silence, the visits and the net spend in the window.

    By break points if there are any, else among all members or, with groups, among each one's peers.
    ValueError if a member has no visit in the window.
    """
    if (receipts < 1).any():
        raise ValueError("only members with a receipt in the window are scored")
    if breaks:
        return RfmScores(
            banded(silence, breaks.r, reverse=True), banded(receipts, breaks.f), banded(cents, breaks.m)
        )
    return RfmScores(
        score(silence, reverse=True, groups=groups),
        score(receipts, groups=groups),
        score(cents, groups=groups),
    )


def score_shares(scores: Scores) -> NDArray[np.int64]:
    """Return the members of each score, shape (5,), scores 1 to 5; an empty score is 0."""
    return np.bincount(scores, minlength=BANDS + 1)[1:]


def check_grid(grid: Grid) -> None:
    """Raise ValueError unless each of the 25 cells has a segment that is known."""
    if len(grid) != BANDS or any(len(row) != BANDS for row in grid):
        raise ValueError(f"not {BANDS} × {BANDS} cells")
    for r, row in enumerate(grid, 1):
        for f, segment in enumerate(row, 1):
            if segment not in SEGMENTS:
                raise ValueError(f"R{r} F{f} has no segment")


def place_of(r: Scores, f: Scores, grid: Grid) -> NDArray[np.int32]:
    """Return the place in SEGMENTS of each member's segment. grid: row R - 1, column F - 1."""
    check_grid(grid)
    places = np.array([[SEGMENTS.index(segment) for segment in row] for row in grid], np.int32)
    return np.asarray(places[r - 1, f - 1], np.int32)


def value_class(r_value: Values, f_value: Values, m_value: Values) -> Scores:
    """Return the place in VALUE_CLASSES of each member: R, F, M at or above the mean.

    r_value: days of silence, where fewer is better. f_value: visits. m_value: spend.
    """
    if not len(r_value):
        return np.zeros(0, np.int8)
    r_high = np.asarray(r_value <= r_value.mean(), np.int8)
    f_high = np.asarray(f_value >= f_value.mean(), np.int8)
    m_high = np.asarray(m_value >= m_value.mean(), np.int8)
    return r_high << 2 | f_high << 1 | m_high
