from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from campaigns.analytics.assignment import BUCKETS, assign, bucket, sample_ratio_p

MEMBERS = np.arange(1, 50_001)


def test_it_hashes_member_and_salt_as_documented() -> None:
    key = blake2b(b"spring-2026").digest()
    digest = blake2b((42).to_bytes(8, "little", signed=True), digest_size=8, key=key).digest()
    expected = int.from_bytes(digest, "little") % 10_000
    assert bucket(np.array([42]), "spring-2026").tolist() == [expected]


def test_it_never_moves_a_member_once_released() -> None:
    assert bucket(np.array([1, 2, 3, 10**12]), "campaign-1").tolist() == [2855, 2098, 5435, 9720]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_it_places_a_member_the_same_in_any_audience(ids: list[int]) -> None:
    members = np.array(ids, np.int64)
    alone = [int(bucket(members[at : at + 1], "x")[0]) for at in range(len(ids))]
    assert bucket(members, "x").tolist() == alone
    assert all(0 <= place < BUCKETS for place in alone)


def test_it_fills_buckets_evenly() -> None:
    counts = np.bincount(bucket(MEMBERS, "even") // 100, minlength=100)
    assert chisquare(counts).pvalue > 0.001


def test_it_assigns_campaigns_independently() -> None:
    one, other = assign(MEMBERS, "one", 0.5), assign(MEMBERS, "other", 0.5)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.015


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_it_holds_out_the_share_asked_for(share: float) -> None:
    held = int((~assign(MEMBERS, "share", share)).sum())
    assert sample_ratio_p(len(MEMBERS) - held, held, share) > 0.001


def test_it_keeps_the_held_out_when_the_share_grows() -> None:
    small, large = assign(MEMBERS, "grow", 0.1), assign(MEMBERS, "grow", 0.2)
    assert set(MEMBERS[~small]) < set(MEMBERS[~large])


def test_it_treats_all_or_none_at_the_ends() -> None:
    assert assign(MEMBERS, "ends", 0.0).all()
    assert not assign(MEMBERS, "ends", 1.0).any()


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_it_refuses_a_share_outside_zero_to_one(share: float) -> None:
    with pytest.raises(ValueError, match="hold-out share"):
        assign(MEMBERS, "bad", share)


def test_it_computes_the_sample_ratio_as_scipy_does() -> None:
    expected = chisquare([9100, 900], [9000, 1000]).pvalue
    assert sample_ratio_p(9100, 900, 0.1) == pytest.approx(expected)


def test_it_catches_lost_members() -> None:
    assert sample_ratio_p(8700, 1000, 0.1) > 0.001
    assert sample_ratio_p(8300, 1100, 0.1) < 0.001


def test_it_has_a_sample_ratio_for_arms_that_cannot_vary() -> None:
    assert sample_ratio_p(0, 0, 0.1) == 1.0
    assert sample_ratio_p(100, 0, 0.0) == 1.0
    assert sample_ratio_p(100, 1, 0.0) == 0.0
