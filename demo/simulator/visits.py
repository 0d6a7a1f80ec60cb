"""Who comes when and where: one visit per receipt."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from demo.simulator.festivals import season
from demo.simulator.kinds import KINDS, WALK_IN, by_kind
from demo.simulator.world import LATE_CLOSING_HOUR, World

HOME_SHARE = 0.85
NON_MEMBER_SHARE = 0.45
OUT_OF_CHARACTER_SHARE = 0.15  # member visits that go like any stranger's
LAPSING_SHARE = 0.34
RETURNING_SHARE = 0.3  # of those who lapse
LATE_SHARE = 0.12  # of evening visits to a store that closes after midnight
DAY_HOURS = np.arange(7, 18)
DAY_WEIGHTS = np.array([6, 8, 7, 6, 7, 9, 6, 5, 6, 8, 10], dtype=np.float64)
EVENING_HOURS = np.arange(18, 24)
EVENING_WEIGHTS = np.array([10, 12, 10, 7, 4, 1], dtype=np.float64)

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Visits:
    """Equal-length arrays, ordered by store, day and second; numbers index the world's frames."""

    store: Ints
    day: Ints
    second: Ints  # since midnight of the business day; at or over 86,400 after midnight
    member: Ints  # -1 for nobody known
    kind: Ints
    online: NDArray[np.bool_]


@dataclass(frozen=True)
class Spans:
    """Stretches of days [start, end) in which a member is a customer."""

    member: Ints
    start: Ints
    end: Ints


def make_visits(rng: Generator, world: World) -> Visits:
    demand = _demand(world)
    member, member_day, member_kind = _member_days(rng, world, demand)
    member_store = _member_stores(rng, world, member)
    strangers = round(len(member) * NON_MEMBER_SHARE / (1 - NON_MEMBER_SHARE))
    other_store, other_day = _stranger_days(rng, world, demand[WALK_IN], strangers)
    return finish_visits(
        rng,
        world,
        store=np.concatenate([member_store, other_store]),
        day=np.concatenate([member_day, other_day]),
        member=np.concatenate([member, np.full(strangers, -1)]),
        kind=np.concatenate([member_kind, np.full(strangers, WALK_IN)]),
    )


def finish_visits(
    rng: Generator, world: World, *, store: Ints, day: Ints, member: Ints, kind: Ints
) -> Visits:
    """Add the time and the channel, drop what falls on a closed day, put all in order."""
    second = _seconds(rng, world, store, kind)
    online = rng.random(len(store)) < by_kind("online")[kind]
    order = np.lexsort((second, day, store))
    order = order[world.is_open[store[order], day[order]]]
    return Visits(store[order], day[order], second[order], member[order], kind[order], online[order])


def _demand(world: World) -> NDArray[np.float64]:
    """Kind × day: the relative weight of each day, 1 on average over an ordinary week."""
    weekend = (world.days.day_of_week >= 5).astype(bool)
    share = by_kind("weekend")[:, None]
    weekly = np.where(weekend[None, :], share * 7 / 2, (1 - share) * 7 / 5)
    return np.asarray(weekly * season(world.days)[None, :])


def _spans(rng: Generator, world: World) -> Spans:
    count, last = len(world.members), len(world.days)
    enrolled = np.asarray((world.members["enrolled_on"] - world.days[0]).dt.days, dtype=np.int64)
    start = np.maximum(enrolled, 0)
    lapses = rng.random(count) < LAPSING_SHARE
    silent_from = start + rng.exponential(200, count).astype(np.int64) + 10
    end = np.where(lapses, np.minimum(silent_from, last), last)
    back_at = end + rng.integers(110, 220, count)
    comes_back = lapses & (rng.random(count) < RETURNING_SHARE) & (back_at < last)
    member = np.arange(count)
    return Spans(
        np.concatenate([member, member[comes_back]]),
        np.concatenate([start, back_at[comes_back]]),
        np.concatenate([end, np.full(int(comes_back.sum()), last)]),
    )


def _member_days(rng: Generator, world: World, demand: NDArray[np.float64]) -> tuple[Ints, Ints, Ints]:
    """Member, day and kind shown of every visit: Poisson counts, days by cumulative demand."""
    spans = _spans(rng, world)
    cumulative = np.concatenate([np.zeros((len(KINDS), 1)), demand.cumsum(axis=1)], axis=1)
    kinds = world.members["kind"].cat.codes.to_numpy().astype(np.int64)
    kind = kinds[spans.member]
    low, high = cumulative[kind, spans.start], cumulative[kind, spans.end]
    rate = world.members["visits_per_day"].to_numpy()[spans.member]
    visits = rng.poisson(rate * (high - low))
    span = np.repeat(np.arange(len(visits)), visits)
    position = low[span] + (high - low)[span] * _positions(rng, visits, kind)
    day = np.empty(len(span), dtype=np.int64)
    for number in range(len(KINDS)):
        of_kind = kind[span] == number
        day[of_kind] = np.searchsorted(cumulative[number], position[of_kind], side="right") - 1
    shown = np.where(rng.random(len(span)) < OUT_OF_CHARACTER_SHARE, WALK_IN, kind[span])
    return spans.member[span], np.minimum(day, len(world.days) - 1), shown


def _positions(rng: Generator, visits: Ints, kind: Ints) -> NDArray[np.float64]:
    """Where in its span each visit falls, in [0, 1): evenly spaced for the regular kinds."""
    first = np.repeat(np.cumsum(visits) - visits, visits)
    turn = np.arange(len(first)) - first
    at_random = rng.random(len(first))
    # A phase per span: without it nobody regular would come in the last days of all.
    phase = np.repeat(rng.random(len(visits)), visits)
    spaced = (turn + phase + at_random / 2) % np.repeat(visits, visits) / np.repeat(visits, visits)
    return np.where(by_kind("regular")[np.repeat(kind, visits)] > 0, spaced, at_random)


def _member_stores(rng: Generator, world: World, member: Ints) -> Ints:
    """Mostly the home store, else another of the same region."""
    region = world.stores["region"].factorize()[0]
    first = np.searchsorted(region, region)
    size = np.bincount(region)[region]
    home = world.members["home"].to_numpy()[member]
    elsewhere = first[home] + rng.integers(0, size[home])
    return np.where(rng.random(len(member)) < HOME_SHARE, home, elsewhere)


def _stranger_days(
    rng: Generator, world: World, demand: NDArray[np.float64], count: int
) -> tuple[Ints, Ints]:
    size = world.stores["size"].to_numpy()
    store = rng.choice(len(size), count, p=size / size.sum())
    return store, rng.choice(len(demand), count, p=demand / demand.sum())


def _seconds(rng: Generator, world: World, store: Ints, kind: Ints) -> Ints:
    count = len(store)
    evening = rng.random(count) < by_kind("evening")[kind]
    by_day = rng.choice(DAY_HOURS, count, p=DAY_WEIGHTS / DAY_WEIGHTS.sum())
    by_night = rng.choice(EVENING_HOURS, count, p=EVENING_WEIGHTS / EVENING_WEIGHTS.sum())
    hour = np.where(evening, by_night, by_day)
    stays_open = world.stores["closing_hour"].to_numpy()[store] == LATE_CLOSING_HOUR
    late = evening & stays_open & (rng.random(count) < LATE_SHARE)
    hour = np.where(late, rng.integers(24, 24 + LATE_CLOSING_HOUR, count), hour)
    return np.asarray(hour * 3600 + rng.integers(0, 3600, count), dtype=np.int64)
