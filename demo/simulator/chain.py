"""A chain of tobacco shops with known truth."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from demo.simulator.baskets import fill_baskets
from demo.simulator.faults import make_faults
from demo.simulator.receipts import make_lines, running_numbers
from demo.simulator.returns import make_returns
from demo.simulator.visits import make_visits
from demo.simulator.world import World, make_world

LINE_ORDER = ["store_id", "moment", "receipt_no", "line_no"]


@dataclass(frozen=True)
class Chain:
    """`lines` is every sound line; `faults` are further lines that the exports spoil."""

    anchor: date  # today; the last complete day is the one before
    world: World
    lines: pd.DataFrame
    faults: pd.DataFrame

    @property
    def stores(self) -> pd.DataFrame:
        return self.world.stores

    @property
    def products(self) -> pd.DataFrame:
        return self.world.products

    @property
    def members(self) -> pd.DataFrame:
        return self.world.members

    @property
    def planted_faults(self) -> dict[str, int]:
        counts = self.faults["fault"].value_counts()
        return {str(reason): int(count) for reason, count in counts.items()}


def simulate(
    *, stores: int = 60, members: int = 20_000, months: int = 18, anchor: date, seed: int = 20261120
) -> Chain:
    """Everything the chain sold in the months before `anchor`; the same for the same arguments."""
    rng = np.random.default_rng(seed)
    first_day = pd.Timestamp(anchor) - pd.DateOffset(months=months)
    world = make_world(rng, stores=stores, members=members, first_day=first_day, anchor=anchor)
    visits = make_visits(rng, world)
    basket = fill_baskets(rng, world, visits)
    numbers = running_numbers(world, visits)
    sales = make_lines(rng, world, visits=visits, basket=basket, numbers=numbers)
    is_open = pd.DataFrame(world.is_open.T, index=world.days, columns=world.stores["store_id"])
    returns = make_returns(rng, sales, is_open=is_open)
    lines = pd.concat([sales, returns]).sort_values(LINE_ORDER, ignore_index=True)
    return Chain(anchor, world, lines, make_faults(rng, lines))
