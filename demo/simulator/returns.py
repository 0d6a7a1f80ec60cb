"""Goods brought back: new receipts with negative lines that name the original."""

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

RETURN_SHARE = 0.006
PARTIAL_SHARE = 0.4
SIGNED = ["quantity", "packs", "discount_fen", "amount_fen"]


def make_returns(rng: Generator, lines: pd.DataFrame, *, is_open: pd.DataFrame) -> pd.DataFrame:
    """Whole receipts, or one line of one, returned one to six days later at the same store.

    `is_open` is business day × store id; what would fall on a closed day is not returned.
    """
    first = lines[lines["line_no"].eq(1) & lines["channel"].eq("counter")]
    chosen = first.iloc[rng.random(len(first)) < RETURN_SHARE]
    partial = pd.Series(rng.random(len(chosen)) < PARTIAL_SHARE, index=chosen.index)
    later = pd.Series(rng.integers(1, 7, len(chosen)), index=chosen.index)
    second = pd.Series(rng.integers(9 * 3600, 20 * 3600, len(chosen)), index=chosen.index)
    plan = chosen[["store_id", "receipt_no"]].assign(partial=partial, later=later, second=second)
    back = lines.merge(plan, on=["store_id", "receipt_no"])
    back = back[~back["partial"] | back["line_no"].eq(1)]
    back["business_day"] += pd.to_timedelta(back["later"], unit="D")
    back["moment"] = back["business_day"] + pd.to_timedelta(back["second"], unit="s")
    back = back[_is_open(back, is_open)]
    back[SIGNED] = -back[SIGNED]
    back["original_no"] = back["receipt_no"]
    back["receipt_no"] = "R" + back["original_no"]
    back["is_return"] = True
    receipts = back.groupby(["store_id", "receipt_no"], observed=True)
    back["receipt_fen"] = receipts["amount_fen"].transform("sum")
    return back[lines.columns]


def _is_open(back: pd.DataFrame, is_open: pd.DataFrame) -> NDArray[np.bool_]:
    row = is_open.index.get_indexer(pd.Index(back["business_day"]))
    column = is_open.columns.get_indexer(pd.Index(back["store_id"].astype(str)))
    return np.asarray((row >= 0) & is_open.to_numpy()[row, column])
