"""What a campaign adds: visits that would not have happened without it."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from demo.simulator.baskets import Basket, choose_other
from demo.simulator.chain import Chain
from demo.simulator.receipts import day_prefix, make_lines
from demo.simulator.visits import Visits
from demo.simulator.world import World

RESPONSE_SHARE = 0.4
SMALLEST_BASKET = 15.0  # yuan on average; below it fewer members respond


def campaign_receipts(
    chain: Chain, *, cards: Sequence[str], start: date, days: int, effect: float, seed: int
) -> tuple[pd.DataFrame, float]:
    """Further receipts of other goods by treated members, and what they come to per member.

    Args:
        cards: card numbers of all treated members, each once.
        start, days: the window [start, start + days), which must lie within the chain's days.
        effect: expected further spend per treated member, in yuan.
        seed: also marks the receipt numbers, so give each campaign of a chain its own.

    Returns:
        Lines in the shape of `Chain.lines`, and the realised further spend in yuan divided by the
        number of cards.

    Raises:
        ValueError: an unknown or repeated card, or a window outside the chain's days.
    """
    rng = np.random.default_rng(seed)
    world = chain.world
    treated = _rows_of(chain, cards)
    first = int((pd.Timestamp(start) - world.days[0]).days)
    if first < 0 or days < 1 or first + days > len(world.days):
        raise ValueError("The campaign window lies outside the simulated days.")
    share = min(RESPONSE_SHARE, effect / SMALLEST_BASKET)
    buyers = treated[rng.random(len(treated)) < share]
    product, quantity = _purchases(rng, world, len(buyers), mean_yuan=effect / share if share else 0)
    bought = quantity > 0
    visits = _visits(rng, world, buyers[bought], first=first, days=days)
    count = int(bought.sum())
    basket = Basket(
        visit=np.arange(count),
        product=product[bought],
        carton=np.zeros(count, dtype=bool),
        quantity=quantity[bought],
        discount=np.zeros(count, dtype=np.int64),
    )
    numbers = _numbers(world, visits, seed)
    lines = make_lines(rng, world, visits=visits, basket=basket, numbers=numbers)
    return lines, float(lines["amount_fen"].sum()) / 100 / len(cards)


def _rows_of(chain: Chain, cards: Sequence[str]) -> NDArray[np.int64]:
    rows = pd.Index(chain.members["card_no"]).get_indexer(pd.Index(cards))
    if len(rows) == 0 or (rows < 0).any() or len(np.unique(rows)) != len(rows):
        raise ValueError("Cards must be known and given once each.")
    return np.asarray(rows, dtype=np.int64)


def _purchases(
    rng: Generator, world: World, count: int, *, mean_yuan: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A product each and how many of it; random rounding keeps the mean spend exact."""
    product = choose_other(rng, world, count)
    price = world.products["retail_fen"].to_numpy()[product] / 100
    wanted = mean_yuan * rng.gamma(4, 1 / 4, count) / price
    return product, np.floor(wanted + rng.random(count)).astype(np.int64)


def _visits(rng: Generator, world: World, member: NDArray[np.int64], *, first: int, days: int) -> Visits:
    count = len(member)
    store = world.members["home"].to_numpy()[member]
    day = first + rng.integers(0, days, count)
    second = rng.integers(9 * 3600, 21 * 3600, count)
    kind = world.members["kind"].cat.codes.to_numpy().astype(np.int64)[member]
    order = np.lexsort((second, day, store))
    online = np.zeros(count, dtype=bool)
    return Visits(store[order], day[order], second[order], member[order], kind[order], online)


def _numbers(world: World, visits: Visits, seed: int) -> NDArray[np.str_]:
    day = np.char.mod("%d", day_prefix(world.days)[visits.day])
    return np.char.add(day, np.char.mod(f"V{seed}N%05d", np.arange(len(visits.day))))
