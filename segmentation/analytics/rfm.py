"""Recency, frequency and monetary scores, and the segments drawn on them.

Every function takes the scored population only: members with at least one receipt in the window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


class Block(NamedTuple):
    """A rectangle of the R × F grid, bounds included."""

    r_low: int
    r_high: int
    f_low: int
    f_high: int

    def cells(self) -> Iterator[tuple[int, int]]:
        for r in range(self.r_low, self.r_high + 1):
            for f in range(self.f_low, self.f_high + 1):
                yield r, f


SegmentMap = Mapping[str, tuple[Block, ...]]

DEFAULT_MAP: SegmentMap = {
    "champions": (Block(5, 5, 4, 5),),
    "loyal": (Block(3, 4, 4, 5),),
    "potential": (Block(4, 5, 2, 3),),
    "new": (Block(5, 5, 1, 1),),
    "promising": (Block(4, 4, 1, 1),),
    "attention": (Block(3, 3, 3, 3),),
    "about_to_sleep": (Block(3, 3, 1, 2),),
    "cant_lose": (Block(1, 2, 5, 5),),
    "at_risk": (Block(1, 2, 3, 4),),
    "hibernating": (Block(1, 2, 1, 2),),
}


class RfmScores(NamedTuple):
    """int8 arrays of 1–5, 5 best; one entry per member."""

    r: Scores
    f: Scores
    m: Scores


def score(values: Values, reverse: bool = False) -> Scores:
    """Return 1 + (5 · less) div n, where less counts members with a strictly worse value.

    Worse is lower, or higher if reverse. Equal values get equal scores and the lowest tie is
    always 1. ValueError if a value is NaN.
    """
    if np.isnan(values).any():
        raise ValueError("a value to score is missing")
    in_order = np.sort(values)
    if reverse:
        less = len(values) - np.searchsorted(in_order, values, side="right")
    else:
        less = np.searchsorted(in_order, values, side="left")
    return (1 + BANDS * less // max(len(values), 1)).astype(np.int8)


def rfm_scores(last_day: Values, receipts: Values, cents: Values) -> RfmScores:
    """Score the last visit day, the visits and the net spend in the window.

    ValueError if a member has no visit in the window.
    """
    if (receipts < 1).any():
        raise ValueError("only members with a receipt in the window are scored")
    return RfmScores(score(last_day), score(receipts), score(cents))


def score_shares(scores: Scores) -> NDArray[np.int64]:
    """Return the members of each score, shape (5,), scores 1 to 5; an empty score is 0."""
    return np.bincount(scores, minlength=BANDS + 1)[1:]


def check_map(segments: SegmentMap) -> None:
    """Raise ValueError unless the segments cover each of the 25 cells exactly once."""
    owners: dict[tuple[int, int], list[str]] = {cell: [] for cell in Block(1, BANDS, 1, BANDS).cells()}
    for segment, blocks in segments.items():
        for cell in (cell for block in blocks for cell in block.cells()):
            if cell not in owners:
                raise ValueError(f"{segment} reaches beyond the grid: R{cell[0]} F{cell[1]}")
            owners[cell].append(segment)
    for (r, f), names in owners.items():
        if len(names) != 1:
            problem = f"is in {' and '.join(names)}" if names else "has no segment"
            raise ValueError(f"R{r} F{f} {problem}")


def segment_grid(segments: SegmentMap = DEFAULT_MAP) -> NDArray[np.str_]:
    """Return the segment of each cell, shape (5, 5), row R - 1, column F - 1."""
    check_map(segments)
    grid = [[""] * BANDS for _ in range(BANDS)]
    for segment, blocks in segments.items():
        for r, f in (cell for block in blocks for cell in block.cells()):
            grid[r - 1][f - 1] = segment
    return np.array(grid)


def segment_of(r: Scores, f: Scores, segments: SegmentMap = DEFAULT_MAP) -> NDArray[np.str_]:
    """Return the segment code of each member."""
    return segment_grid(segments)[r - 1, f - 1]


def value_class(r_value: Values, f_value: Values, m_value: Values) -> NDArray[np.str_]:
    """Return the class '000' to '111' of each member: R, F, M at or above the mean.

    r_value: days of silence, where fewer is better. f_value: visits. m_value: spend.
    """
    r_high = np.asarray(r_value <= r_value.mean(), np.int8)
    f_high = np.asarray(f_value >= f_value.mean(), np.int8)
    m_high = np.asarray(m_value >= m_value.mean(), np.int8)
    codes: NDArray[np.str_] = np.array([f"{code:03b}" for code in range(8)]).reshape(2, 2, 2)
    return codes[r_high, f_high, m_high]
