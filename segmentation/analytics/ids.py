"""Ids looked up in tables: where they lie close together, a fraction of the time of sorting and searching."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]

MOST_GAPS = 16  # places in a table for each id that is there


def distinct(*columns: Ints) -> Ints:
    """Return all ids of some columns in order, each once."""
    ids = np.concatenate(columns)
    base, end = (int(ids.min()), int(ids.max()) + 1) if len(ids) else (0, 0)
    if end - base > MOST_GAPS * len(ids):
        return np.unique(ids)
    is_there = np.zeros(end - base, bool)
    is_there[ids - base] = True
    return np.flatnonzero(is_there) + base


def places(ids: Ints, wanted: Ints) -> tuple[Ints, Flags]:
    """Return where each wanted id stands among ids in order, each once, and whether it does.

    The place of one that does not stand there means nothing.
    """
    base, end = (int(ids[0]), int(ids[-1]) + 1) if len(ids) else (0, 0)
    if end - base > MOST_GAPS * len(ids):
        at = np.searchsorted(ids, wanted)
        there = at < len(ids)
        there[there] = ids[at[there]] == wanted[there]
        return at, there
    table = np.full(end - base + 1, -1)  # The last place is that of everybody outside.
    table[ids - base] = np.arange(len(ids))
    at = table[np.where((wanted >= base) & (wanted < end), wanted - base, -1)]
    return at, at >= 0
