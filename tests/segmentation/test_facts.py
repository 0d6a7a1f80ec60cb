from dataclasses import fields
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.analytics.facts import (
    NOTHING_CLOSED,
    Closed,
    Facts,
    Lines,
    Products,
    Receipts,
    closed,
    concatenate,
    member_facts,
    shard,
)

AS_OF = date(2024, 3, 10)  # a Sunday, shortly after a leap day
SOFT, CARTON_ONLY, SLIM, UNBRANDED, LIGHTER = 1, 2, 3, 4, 5
PRODUCTS = Products(
    brand=np.array([0, 1, 1, 2, 0, 0]),
    price_class=np.array([0, 2, 5, 3, 0, 0]),
    slim=np.array([False, False, False, True, False, False]),
    tobacco=np.array([False, True, True, True, True, False]),
)


def day_number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def receipt(
    member: int,
    day: date,
    cents: int,
    *,
    minute: int = 600,
    store: int = 1,
    online: bool = False,
    counts: bool = True,
    discounted: bool = False,
) -> tuple[Any, ...]:
    return member, day_number(day), minute, store, online, cents, counts, discounted


def line(
    member: int, day: date, product: int, packs: int, cents: int, *, carton: bool = False
) -> tuple[Any, ...]:
    return member, day_number(day), product, packs, carton, cents


def columns(rows: list[tuple[Any, ...]], kinds: str) -> list[np.ndarray]:
    values = zip(*rows, strict=True) if rows else [()] * len(kinds)
    return [np.array(column, kind) for column, kind in zip(values, kinds, strict=True)]


def receipts_of(rows: list[tuple[Any, ...]]) -> Receipts:
    return Receipts(*columns(rows, "liii?l??"))


def lines_of(rows: list[tuple[Any, ...]]) -> Lines:
    return Lines(*columns(rows, "liii?l"))


def facts_of(
    receipts: list[tuple[Any, ...]],
    lines: list[tuple[Any, ...]] | None = None,
    *,
    window: int = 365,
    store_rank: tuple[int, ...] = (0, 1, 2, 3),
    brand_rank: tuple[int, ...] = (0, 1, 2),
    before: Closed = NOTHING_CLOSED,
) -> Facts:
    return member_facts(
        closed=before,
        receipts=receipts_of(receipts),
        lines=lines_of(lines or []),
        products=PRODUCTS,
        store_rank=np.array(store_rank),
        brand_rank=np.array(brand_rank),
        as_of=day_number(AS_OF),
        window=window,
    )


def only(facts: Facts, name: str) -> float:
    (value,) = getattr(facts, name).tolist()
    return float(value)


def test_it_works_every_visit_fact_out_of_a_hand_computed_history() -> None:
    facts = facts_of(
        [
            receipt(7, date(2022, 1, 1), 9000),  # before the window
            receipt(7, date(2024, 2, 27), 1000, discounted=True),  # Tuesday
            receipt(7, date(2024, 2, 27), 500, minute=1080, store=2),
            receipt(7, date(2024, 3, 1), 2500, minute=1079, online=True, store=2),  # Friday
            receipt(7, date(2024, 3, 9), 4000, minute=1439, store=2),  # Saturday
            receipt(7, date(2024, 3, 10), 800, counts=False),
            receipt(7, date(2024, 3, 10), -800, counts=False),
            receipt(7, date(2024, 3, 11), 7777),  # after as_of
        ]
    )
    assert facts.member.tolist() == [7]
    assert only(facts, "first_day") == day_number(date(2022, 1, 1))
    assert only(facts, "last_day") == day_number(date(2024, 3, 9))
    assert only(facts, "lifetime_receipts") == 5
    assert only(facts, "lifetime_cents") == 17000
    assert only(facts, "receipts") == 4
    assert only(facts, "cents") == 8000
    assert only(facts, "purchase_days") == 3
    assert only(facts, "mean_ticket_cents") == 2000
    # Gaps of 3 (over the leap day) and 8 days: mean 5.5, sample deviation sqrt(12.5).
    assert only(facts, "gap_mean") == 5.5
    assert only(facts, "gap_cv") == pytest.approx(12.5**0.5 / 5.5)
    assert only(facts, "discount_share") == 0.25
    assert only(facts, "online_share") == 0.25
    assert only(facts, "weekend_share") == 0.25
    assert only(facts, "evening_share") == 0.5
    assert only(facts, "stores") == 2
    assert only(facts, "home_store") == 2


def test_it_works_every_basket_fact_out_of_hand_computed_lines() -> None:
    day = date(2024, 3, 1)
    facts = facts_of(
        [receipt(7, day, 1), receipt(7, date(2022, 1, 1), 1)],
        [
            line(7, day, SOFT, 3, 6000),
            line(7, day, CARTON_ONLY, 10, 50000, carton=True),
            line(7, day, SLIM, 6, 9000),
            line(7, day, SLIM, -2, -3000),
            line(7, day, UNBRANDED, 3, 1000),
            line(7, day, LIGHTER, 2, 500),
            line(7, date(2022, 1, 1), SLIM, 99, 99),
            line(7, date(2024, 3, 11), SLIM, 99, 99),
        ],
    )
    assert only(facts, "packs") == 20
    assert only(facts, "price_per_pack") == 3150
    assert only(facts, "carton_share") == 0.5
    assert only(facts, "slim_share") == 0.2
    assert [only(facts, f"class{n}") for n in range(1, 6)] == [0, 0.15, 0.2, 0, 0.5]
    assert only(facts, "top_brand") == 1
    shares = np.array([13, 4]) / 17
    assert only(facts, "brand_entropy") == pytest.approx(-(shares * np.log(shares)).sum(), abs=1e-7)


def test_it_gives_one_brand_no_entropy_at_all() -> None:
    day = date(2024, 3, 1)
    lines = [line(7, day, SOFT, 3, 100), line(7, day, CARTON_ONLY, 10, 900)]
    assert only(facts_of([receipt(7, day, 1000)], lines), "brand_entropy") == 0.0


def test_it_ignores_packs_returned_from_before_the_window() -> None:
    day = date(2024, 3, 1)
    facts = facts_of(
        [receipt(7, day, 1)],
        [line(7, day, SOFT, 4, 800), line(7, day, CARTON_ONLY, -10, -50000, carton=True)],
    )
    assert only(facts, "packs") == 4
    assert only(facts, "carton_share") == 0
    assert only(facts, "price_per_pack") == 200


def test_it_keeps_a_member_with_only_returns() -> None:
    day = date(2024, 3, 1)
    facts = facts_of([receipt(7, day, -900, counts=False)], [line(7, day, SOFT, -3, -900)])
    assert [only(facts, name) for name in ("first_day", "last_day")] == [-1, -1]
    assert [only(facts, name) for name in ("receipts", "lifetime_receipts")] == [0, 0]
    assert [only(facts, name) for name in ("cents", "lifetime_cents")] == [-900, -900]
    assert [only(facts, name) for name in ("home_store", "top_brand", "packs")] == [0, 0, 0]
    ratios = [f.name for f in fields(Facts) if getattr(facts, f.name).dtype == np.float64]
    assert len(ratios) == 16
    assert all(np.isnan(only(facts, name)) for name in ratios)


def test_it_takes_a_window_open_at_its_start_and_closed_at_its_end() -> None:
    days = [date(2024, 3, 3), date(2024, 3, 4), AS_OF, date(2024, 3, 11)]
    history = [receipt(7, day, 10**place) for place, day in enumerate(days)]
    lines = [line(7, day, SOFT, 10**place, 1) for place, day in enumerate(days)]
    facts = facts_of(history, lines, window=7)
    assert (only(facts, "receipts"), only(facts, "cents"), only(facts, "packs")) == (2, 110, 110)
    assert (only(facts, "lifetime_receipts"), only(facts, "lifetime_cents")) == (3, 111)


def test_it_has_no_rhythm_before_the_gaps_allow_it() -> None:
    twice = facts_of([receipt(7, date(2024, 3, 1), 1), receipt(7, date(2024, 3, 5), 1)])
    assert only(twice, "gap_mean") == 4
    assert np.isnan(only(twice, "gap_cv"))
    assert np.isnan(only(facts_of([receipt(7, date(2024, 3, 1), 1)]), "gap_mean"))


def test_it_measures_no_gap_across_members_or_into_the_window() -> None:
    facts = facts_of(
        [
            receipt(1, date(2024, 3, 2), 1),
            receipt(2, date(2024, 3, 4), 1),
            receipt(2, date(2024, 3, 9), 1),
            receipt(2, date(2023, 3, 1), 1),
        ]
    )
    np.testing.assert_array_equal(facts.gap_mean, [np.nan, 5])


@pytest.mark.parametrize(
    ("second_minute", "rank", "home"),
    [
        (601, (0, 1, 2, 3), 2),
        (599, (0, 1, 2, 3), 1),
        (600, (0, 1, 2, 3), 1),
        (600, (0, 2, 1, 3), 2),
    ],
)
def test_it_breaks_home_store_ties_by_the_latest_visit_then_the_code(
    second_minute: int, rank: tuple[int, ...], home: int
) -> None:
    day = date(2024, 3, 1)
    visits = [receipt(7, day, 1, store=1), receipt(7, day, 1, store=2, minute=second_minute)]
    assert only(facts_of(visits, store_rank=rank), "home_store") == home


@pytest.mark.parametrize(("rank", "top"), [((0, 1, 2), 1), ((0, 2, 1), 2)])
def test_it_breaks_top_brand_ties_by_the_code(rank: tuple[int, ...], top: int) -> None:
    day = date(2024, 3, 1)
    lines = [line(7, day, SOFT, 3, 100), line(7, day, SLIM, 3, 900)]
    assert only(facts_of([receipt(7, day, 1000)], lines, brand_rank=rank), "top_brand") == top


def test_it_refuses_lines_of_a_member_without_receipts() -> None:
    with pytest.raises(ValueError, match="no receipt: 8"):
        facts_of([receipt(7, AS_OF, 1)], [line(8, AS_OF, SOFT, 1, 1)])


def test_it_refuses_columns_of_different_length() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Products(np.array([1, 1]), np.array([1, 1]), np.array([True, True]), np.array([True]))


def test_it_has_no_rows_without_receipts() -> None:
    assert len(facts_of([]).member) == 0


days = st.integers(day_number(AS_OF) - 500, day_number(AS_OF) + 5)
members = st.integers(1, 6)
receipt_rows = st.tuples(
    members,
    days,
    st.sampled_from([0, 600, 1079, 1080, 1439]),
    st.integers(1, 3),
    st.booleans(),
    st.integers(-5000, 50000),
    st.booleans(),
    st.booleans(),
)
line_rows = st.tuples(
    members, days, st.integers(0, 5), st.integers(-12, 40), st.booleans(), st.integers(-999, 9999)
)
histories = st.tuples(st.lists(receipt_rows, max_size=40), st.lists(line_rows, max_size=40)).map(
    lambda rows: ([*rows[0], *(receipt(m, date(2022, 1, 1), 1) for m in range(1, 7))], rows[1])
)


def same_bits(left: Facts, right: Facts) -> bool:
    pairs = ((getattr(left, f.name), getattr(right, f.name)) for f in fields(Facts))
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)


@settings(max_examples=60, deadline=None)
@given(histories, st.integers(2, 4))
def test_it_gives_the_same_bits_however_members_are_sharded(history: Any, shards: int) -> None:
    receipts, lines = history
    parts = [
        facts_of(
            [row for row in receipts if shard(np.array([row[0]]), shards)[0] == part],
            [row for row in lines if shard(np.array([row[0]]), shards)[0] == part],
        )
        for part in range(shards)
    ]
    assert same_bits(concatenate(parts), facts_of(receipts, lines))


@settings(max_examples=60, deadline=None)
@given(histories, st.randoms())
def test_it_gives_the_same_bits_in_any_row_order(history: Any, random: Any) -> None:
    receipts, lines = history
    shuffled = random.sample(receipts, len(receipts)), random.sample(lines, len(lines))
    assert same_bits(facts_of(*shuffled), facts_of(receipts, lines))


@settings(max_examples=60, deadline=None)
@given(histories, st.integers(1, 1000), st.integers(-100, 600))
def test_it_adds_sums_of_earlier_receipts_to_the_facts_of_later_ones(
    history: Any, spread: int, days_before: int
) -> None:
    receipts, lines = history
    # Ids far apart are looked up otherwise than those side by side.
    receipts = [(row[0] * spread, *row[1:]) for row in receipts]
    lines = [(row[0] * spread, *row[1:]) for row in lines]
    whole = facts_of(receipts, lines)
    is_earlier = [row[1] <= day_number(AS_OF) - 365 - max(days_before, 0) for row in receipts]
    earlier = receipts_of([row for row, early in zip(receipts, is_earlier, strict=True) if early])
    later = [row for row, early in zip(receipts, is_earlier, strict=True) if not early]
    before = closed(earlier.member, earlier.day, earlier.counts, earlier.cents)
    assert same_bits(facts_of(later, lines, before=before), whole)


def counted_one_by_one(rows: list[tuple[Any, ...]]) -> dict[str, float]:
    today = day_number(AS_OF)
    visits = [row for row in rows if row[6] and today - 365 < row[1] <= today]
    visit_days = sorted({row[1] for row in visits})
    gaps = [later - earlier for earlier, later in pairwise(visit_days)]
    stores = {row[3] for row in visits}

    def preference(store: int) -> tuple[int, Any, int]:
        at_store = [row for row in visits if row[3] == store]
        return len(at_store), max((row[1], row[2]) for row in at_store), -store

    return {
        "receipts": len(visits),
        "purchase_days": len(visit_days),
        "gap_mean": float(np.mean(gaps)) if gaps else np.nan,
        "gap_cv": float(np.std(gaps, ddof=1) / np.mean(gaps)) if len(gaps) > 1 else np.nan,
        "home_store": max(stores, key=preference, default=0),
        "stores": len(stores),
    }


@settings(max_examples=60, deadline=None)
@given(histories)
def test_it_agrees_with_counting_one_by_one(history: Any) -> None:
    receipts, lines = history
    facts = facts_of(receipts, lines)
    for position, member in enumerate(facts.member.tolist()):
        expected = counted_one_by_one([row for row in receipts if row[0] == member])
        found = {name: float(getattr(facts, name)[position]) for name in expected}
        assert found == pytest.approx(expected, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(histories)
def test_it_keeps_every_share_between_nothing_and_all(history: Any) -> None:
    facts = facts_of(*history)
    names = ["carton_share", "slim_share", "class2", "evening_share", "weekend_share"]
    for name in names:
        shares = getattr(facts, name)
        assert ((shares >= 0) & (shares <= 1) | np.isnan(shares)).all()
