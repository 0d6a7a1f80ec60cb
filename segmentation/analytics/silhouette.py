"""Silhouettes of many labellings for the price of one.

The distances are the costly part and do not depend on the labels, so they are taken once, a block
of rows at a time, and summed per cluster of every labelling.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import euclidean_distances

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]

DISTANCE_ROWS = 1000
THREADS = 2  # of which each holds the distances of so many rows


def silhouettes(points: Floats, labelings: Sequence[Labels]) -> list[float]:
    """Return the mean silhouette of each labelling of points, shape (points, features).

    Labels are 0 to k - 1, none of them empty. A point alone in its cluster counts 0. Source:
    Rousseeuw (1987).
    """
    belongs = [np.eye(labels.max() + 1)[labels] for labels in labelings]
    stacked = np.hstack(belongs)
    chunks = [points[start : start + DISTANCE_ROWS] for start in range(0, len(points), DISTANCE_ROWS)]
    with ThreadPoolExecutor(THREADS) as pool:
        sums = np.vstack(list(pool.map(lambda chunk: euclidean_distances(chunk, points) @ stacked, chunks)))
    ends = np.cumsum([member.shape[1] for member in belongs])[:-1]
    parts = np.split(sums, ends, axis=1)
    return [_silhouette(part, labels) for part, labels in zip(parts, labelings, strict=True)]


def _silhouette(distances: Floats, labels: Labels) -> float:
    sizes = np.bincount(labels)
    at = np.arange(len(labels))
    within = distances[at, labels] / np.maximum(sizes[labels] - 1, 1)
    between = distances / sizes
    between[at, labels] = np.inf
    nearest = between.min(axis=1)
    width, widest = nearest - within, np.maximum(nearest, within)
    usable = (sizes[labels] > 1) & (widest > 0)
    return float(np.divide(width, widest, out=np.zeros(len(at)), where=usable).mean())
