"""The planted behaviours. Each row is one kind of shopper; the last one never shows a card."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Kind:
    name: str
    member_share: float
    visits_per_week: float
    regular: bool  # visits evenly spaced instead of at random
    evening: float  # share of visits from 18:00
    weekend: float  # share of visits on Saturday and Sunday
    online: float  # share of visits to the web shop, where no tobacco may be sold
    tobacco: float  # share of counter visits that include tobacco
    carton: float  # share of tobacco lines sold by the carton
    packs: float  # mean packs of a line not sold by the carton
    classes: tuple[float, float, float, float, float]
    slim: float  # share of choices made among slim products
    loyalty: float  # share of choices that go to the member's own favourite
    other_goods: float  # share of tobacco visits that add other goods
    discounted: float  # share of other-goods lines with a discount


KINDS = (
    Kind("carton", 0.22, 0.22, True, 0.20, 0.28, 0.002, 0.98, 0.88, 1.3,
         (0.05, 0.25, 0.55, 0.15, 0.00), 0.05, 0.92, 0.08, 0.10),
    Kind("evening", 0.26, 0.36, False, 0.86, 0.25, 0.002, 0.96, 0.01, 1.1,
         (0.00, 0.05, 0.25, 0.60, 0.10), 0.05, 0.90, 0.20, 0.08),
    Kind("slim", 0.16, 0.21, False, 0.25, 0.28, 0.20, 0.96, 0.05, 1.5,
         (0.75, 0.25, 0.00, 0.00, 0.00), 0.97, 0.85, 0.20, 0.10),
    Kind("bargain", 0.20, 0.27, False, 0.25, 0.28, 0.002, 0.98, 0.02, 1.3,
         (0.00, 0.10, 0.30, 0.35, 0.25), 0.20, 0.00, 0.90, 0.88),
    Kind("weekend", 0.16, 0.18, False, 0.20, 0.96, 0.002, 0.95, 0.20, 2.4,
         (0.08, 0.47, 0.40, 0.05, 0.00), 0.06, 0.70, 0.45, 0.10),
    Kind("walk_in", 0.00, 0.00, False, 0.35, 0.30, 0.004, 0.82, 0.06, 1.2,
         (0.08, 0.22, 0.35, 0.27, 0.08), 0.22, 0.00, 0.25, 0.15),
)  # fmt: skip
KIND_NAMES = tuple(kind.name for kind in KINDS)
WALK_IN = KIND_NAMES.index("walk_in")
MEMBER_KINDS = KINDS[:WALK_IN]


def by_kind(field: str) -> NDArray[np.float64]:
    """One number per kind, to be indexed by arrays of kind numbers."""
    assert field in {known.name for known in fields(Kind)}
    return np.array([getattr(kind, field) for kind in KINDS], dtype=np.float64)
