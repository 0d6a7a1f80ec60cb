"""The simulator's known truth: what is planted must come back out of the analytics."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from campaigns.analytics.uplift import ArmStats, cuped, welch
from demo.simulator import Chain, simulate
from segmentation.analytics import clusters
from segmentation.analytics.facts import Facts, Lines, Products, Receipts, member_facts

ANCHOR = date(2026, 3, 1)
TODAY = (ANCHOR - date(1970, 1, 1)).days
REPETITIONS = 1_000


@pytest.fixture(scope="module")
def chain() -> Chain:
    return simulate(stores=20, members=4_000, months=14, anchor=ANCHOR, seed=11)


def days(column: pd.Series) -> NDArray[np.int32]:
    return (pd.to_datetime(column) - pd.Timestamp("1970-01-01")).dt.days.to_numpy().astype(np.int32)


def facts_of(chain: Chain) -> Facts:
    """Facts straight from the simulated lines, without files or a database."""
    lines = chain.lines[(chain.lines["member"] >= 0) & ~chain.lines["is_return"]]
    receipts = lines.drop_duplicates(["store_id", "receipt_no"])
    spent = lines.groupby(["store_id", "receipt_no"])["amount_fen"].sum()
    discounted = lines.groupby(["store_id", "receipt_no"])["discount_fen"].max() > 0
    keys = pd.MultiIndex.from_frame(receipts[["store_id", "receipt_no"]])
    moments = pd.to_datetime(receipts["moment"])
    goods = chain.products.reset_index(drop=True)
    number = pd.Series(np.arange(1, len(goods) + 1), index=goods["goods_code"])
    stores = pd.Series(receipts["store_id"]).factorize()[0] + 1
    brands = goods["brand"].factorize()[0] + 1
    return member_facts(
        receipts=Receipts(
            member=receipts["member"].to_numpy(np.int64),
            day=days(receipts["business_day"]),
            minute=(moments.dt.hour * 60 + moments.dt.minute).to_numpy(np.int16),
            store=stores.astype(np.int32),
            online=(receipts["channel"] == "online").to_numpy(),
            cents=spent[keys].to_numpy(np.int64),
            counts=np.ones(len(receipts), bool),
            discounted=discounted[keys].to_numpy(),
        ),
        lines=Lines(
            member=lines["member"].to_numpy(np.int64),
            day=days(lines["business_day"]),
            product=number[lines["goods_code"]].to_numpy(np.int32),
            packs=lines["packs"].to_numpy(np.int32),
            carton=(lines["unit"] == "条").to_numpy(),
            cents=lines["amount_fen"].to_numpy(np.int64),
        ),
        products=Products(
            brand=np.r_[0, brands].astype(np.int32),
            price_class=np.r_[0, goods["price_class"].fillna(0)].astype(np.int32),
            slim=np.r_[False, goods["format"] == "slim"],
            tobacco=np.r_[False, goods["is_tobacco"].astype(bool)],
        ),
        store_rank=np.arange(stores.max() + 1),
        brand_rank=np.arange(brands.max() + 1),
        as_of=TODAY - 1,
    )


def test_it_finds_the_planted_types_as_clusters(chain: Chain) -> None:
    facts = facts_of(chain)
    matrix = clusters.feature_matrix(vars(facts))
    model = clusters.fit(matrix, random_state=0)
    regular = facts.receipts >= 5
    planted = chain.members["kind"].to_numpy()[facts.member]
    found = clusters.assign(matrix, model)
    assert adjusted_rand_score(planted[regular], found[regular]) >= 0.6


def spend(chain: Chain, start: int, end: int) -> NDArray[np.float64]:
    """Yuan per member on business days of [start, end) before the anchor."""
    lines = chain.lines[chain.lines["member"] >= 0]
    ago = TODAY - days(lines["business_day"])
    inside = lines[(ago <= start) & (ago > end)]
    totals = np.bincount(inside["member"], inside["amount_fen"], len(chain.members))
    return np.asarray(totals / 100)


def test_it_covers_the_planted_effect_as_often_as_it_says(chain: Chain) -> None:
    """1,000 campaigns on simulated spend: 30 % held out, the treated spend 8 yuan more on average."""
    before, after = spend(chain, 111, 21), spend(chain, 21, 0)
    rng = np.random.default_rng(2)
    covered = {"welch": 0, "cuped": 0}
    for _repetition in range(REPETITIONS):
        chosen = rng.choice(len(after), 1_200, replace=False)
        treated = rng.random(1_200) >= 0.3
        extra = rng.gamma(0.5, 16.0, 1_200)
        spent = after[chosen] + np.where(treated, extra, 0)
        arms = [ArmStats.from_values(spent[arm], before[chosen][arm]) for arm in (treated, ~treated)]
        for name, estimate in (("welch", welch), ("cuped", cuped)):
            interval = estimate(*arms)
            assert interval is not None
            covered[name] += interval.low <= 8.0 <= interval.high
    assert 930 <= covered["welch"] <= 970
    assert 930 <= covered["cuped"] <= 970
