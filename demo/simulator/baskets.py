"""What is in each basket: one row per line, tobacco first."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from demo.simulator.kinds import KINDS, by_kind
from demo.simulator.visits import Visits
from demo.simulator.world import World

SECOND_TOBACCO_SHARE = 0.06
DISCOUNTS = np.array([0.1, 0.15, 0.2, 0.3])

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Basket:
    """Equal-length arrays ordered by visit; money in fen.

    Only other goods are discounted: a price cut on tobacco would be tobacco promotion.
    """

    visit: Ints
    product: Ints
    carton: Flags
    quantity: Ints
    discount: Ints


def fill_baskets(rng: Generator, world: World, visits: Visits) -> Basket:
    has_tobacco = ~visits.online & (rng.random(len(visits.kind)) < by_kind("tobacco")[visits.kind])
    tobacco = _tobacco_lines(rng, world, visits, has_tobacco)
    other = _other_lines(rng, world, visits, has_tobacco)
    merged = [np.concatenate(columns) for columns in zip(tobacco, other, strict=True)]
    order = np.argsort(merged[0], kind="stable")
    visit, product, carton, quantity, discount = (column[order] for column in merged)
    return Basket(visit, product, carton.astype(bool), quantity, discount)


def _tobacco_lines(
    rng: Generator, world: World, visits: Visits, has_tobacco: Flags
) -> tuple[Ints, Ints, Flags, Ints, Ints]:
    second = has_tobacco & (rng.random(len(has_tobacco)) < SECOND_TOBACCO_SHARE)
    visit = np.concatenate([np.flatnonzero(has_tobacco), np.flatnonzero(second)])
    kind = visits.kind[visit]
    product = _choose_tobacco(rng, world, kind, visits.member[visit])
    carton = rng.random(len(visit)) < by_kind("carton")[kind]
    packs = 1 + rng.poisson(by_kind("packs")[kind] - 1)
    cartons = 1 + (rng.random(len(visit)) < 0.15)
    quantity = np.where(carton, cartons, packs)
    return visit, product, carton, quantity, np.zeros(len(visit), dtype=np.int64)


def _choose_tobacco(rng: Generator, world: World, kind: Ints, member: Ints) -> Ints:
    """The member's favourite with the kind's loyalty, else any product the kind likes."""
    taste = np.cumsum(_tastes(world), axis=1)
    favourite = _draw(rng, taste, world.members["kind"].cat.codes.to_numpy().astype(np.int64))
    loyal = (member >= 0) & (rng.random(len(kind)) < by_kind("loyalty")[kind])
    return np.where(loyal, favourite[member], _draw(rng, taste, kind))


def _draw(rng: Generator, cumulative: NDArray[np.float64], kind: Ints) -> Ints:
    """One product number for each element of `kind`, from that kind's cumulative shares."""
    chance = rng.random(len(kind))
    chosen = np.empty(len(kind), dtype=np.int64)
    for number in range(len(KINDS)):
        of_kind = kind == number
        chosen[of_kind] = np.searchsorted(cumulative[number], chance[of_kind], side="right")
    return np.asarray(np.minimum(chosen, cumulative.shape[1] - 1), dtype=np.int64)


def _tastes(world: World) -> NDArray[np.float64]:
    """Kind × tobacco product, rows adding to 1: popularity bent to the kind's class and format."""
    tobacco = world.products[world.products["is_tobacco"] == 1]
    price_class, slim = tobacco["price_class"].to_numpy(), tobacco["format"].eq("slim").to_numpy()
    rows = []
    for kind in KINDS:
        row = tobacco["popularity"].to_numpy().copy()
        for group, share in ((slim, kind.slim), (~slim, 1 - kind.slim)):
            classes = [group & (price_class == number) for number in range(1, 6)]
            present = sum(
                weight for weight, members in zip(kind.classes, classes, strict=True) if members.any()
            )
            for weight, members in zip(kind.classes, classes, strict=True):
                row[members] *= share * weight / (present * max(row[members].sum(), 1e-12))
        rows.append(row / row.sum())
    return np.array(rows)


def _other_lines(
    rng: Generator, world: World, visits: Visits, has_tobacco: Flags
) -> tuple[Ints, Ints, Flags, Ints, Ints]:
    adds = ~has_tobacco | (rng.random(len(has_tobacco)) < by_kind("other_goods")[visits.kind])
    count = np.where(adds, 1 + (rng.random(len(adds)) < 0.25), 0)
    visit = np.repeat(np.arange(len(count)), count)
    product = choose_other(rng, world, len(visit))
    quantity = 1 + rng.poisson(0.3, len(visit))
    cut = rng.random(len(visit)) < by_kind("discounted")[visits.kind[visit]]
    full = world.products["retail_fen"].to_numpy()[product] * quantity
    discount = np.where(cut, (full * rng.choice(DISCOUNTS, len(visit))).astype(np.int64), 0)
    return visit, product, np.zeros(len(visit), dtype=bool), quantity, discount


def choose_other(rng: Generator, world: World, count: int) -> Ints:
    """Numbers of other goods by popularity, as rows of the product frame."""
    other = np.flatnonzero(world.products["is_tobacco"].to_numpy() == 0)
    weight = world.products["popularity"].to_numpy()[other]
    return np.asarray(rng.choice(other, count, p=weight / weight.sum()), dtype=np.int64)
