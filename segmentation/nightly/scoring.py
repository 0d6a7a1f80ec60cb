"""R, F and M by the company's settings, for a night and for the preview of one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from organization.models import Store
from segmentation.analytics import rfm
from segmentation.models import RfmSettings
from segmentation.nightly.population import NONE


def _place(column: str, codes: Sequence[str]) -> str:
    # Half the time of array_position.
    places = " ".join(f"WHEN '{code}' THEN {place}" for place, code in enumerate(codes))
    return f"CASE {column} {places} ELSE {NONE} END"


# A published row's segment and class as their places among all, and NONE without one.
SEGMENT_PLACE = _place("segment", rfm.SEGMENTS)
CLASS_PLACE = _place("value_class", rfm.VALUE_CLASSES)


def scores(
    settings: RfmSettings,
    silence: NDArray[Any],
    receipts: NDArray[Any],
    cents: NDArray[Any],
    home: NDArray[Any] | None,
) -> rfm.RfmScores:
    """The scores of members with a receipt in the window; `home`: the ids of their stores, for peers."""
    groups = peer_groups(settings, home)
    return rfm.rfm_scores(silence, receipts, cents, groups=groups, breaks=settings.break_points)


def peer_groups(settings: RfmSettings, home: NDArray[Any] | None) -> NDArray[Any] | None:
    """The peer group of each member by the own store, a number; None where all are compared."""
    if settings.mode != RfmSettings.Mode.PEERS:
        return None
    assert home is not None
    if settings.peers == RfmSettings.Peers.STORE:
        return home
    region_of = dict(Store.unscoped.values_list("pk", "region_id"))
    stores, place = np.unique(home, return_inverse=True)
    regions = np.array([region_of[store] for store in stores.tolist()], np.int64)
    return np.asarray(regions[place])
