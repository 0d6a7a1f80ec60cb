"""Who of an audience is treated and who is held out, decided by a salted hash alone."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

BUCKETS = 10_000


def bucket(member_ids: NDArray[np.integer[Any]], salt: str) -> NDArray[np.int16]:
    """Return each member's bucket, 0 to 9,999, for the campaign that the salt names.

    The bucket is BLAKE2b of the member id (8 bytes, little-endian, signed), keyed by the 64-byte
    BLAKE2b of the salt, 8 bytes long, read little-endian, modulo 10,000. It depends on nothing
    else, so that anyone can work an assignment out again.
    """
    keyed = blake2b(digest_size=8, key=blake2b(salt.encode()).digest())

    def one(member_id: int) -> int:
        member = keyed.copy()
        member.update(member_id.to_bytes(8, "little", signed=True))
        return int.from_bytes(member.digest(), "little") % BUCKETS

    ids: Iterable[int] = member_ids.tolist()
    return np.fromiter(map(one, ids), np.int16, count=len(member_ids))


def assign(member_ids: NDArray[np.integer[Any]], salt: str, holdout_share: float) -> NDArray[np.bool_]:
    """Return True for a treated member, False for one held out.

    The lowest buckets are held out, so that a larger share keeps all who were held out before.
    holdout_share is taken to the nearest 1/10,000; ValueError unless it is within 0 to 1.
    """
    if not 0 <= holdout_share <= 1:
        raise ValueError(f"a hold-out share is between 0 and 1, not {holdout_share}")
    return bucket(member_ids, salt) >= round(holdout_share * BUCKETS)


def sample_ratio_p(n_treated: int, n_held: int, holdout_share: float) -> float:
    """Return the p-value of Pearson's χ² (1 degree of freedom) against the planned hold-out share.

    Below 0.001 the arms are not those that were assigned, and no result should be read from them.
    """
    total = n_treated + n_held
    excess = n_held - total * holdout_share
    variance = total * holdout_share * (1 - holdout_share)
    if variance == 0:
        return 1.0 if excess == 0 else 0.0
    return float(chi2.sf(excess**2 / variance, df=1))
