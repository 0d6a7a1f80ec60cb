"""A few rows that no importer should swallow.

Each is a receipt of its own beside the good lines, so that the good lines are exactly what an
importer must end up with. Values here are still sound; `demo.exports` spoils them in writing.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator

FAULT_SHARE = 0.001
REASONS = ("quantity_unreadable", "store_unknown", "date_in_future", "amount_not_a_number")


def make_faults(rng: Generator, lines: pd.DataFrame) -> pd.DataFrame:
    """Copies of some counter lines under new numbers, with the column `fault` naming the reason."""
    sound = lines[lines["channel"].eq("counter") & ~lines["is_return"]]
    count = max(len(REASONS), round(len(lines) * FAULT_SHARE))
    faults = sound.iloc[np.sort(rng.choice(len(sound), count, replace=False))].copy()
    number = np.arange(count)
    faults["receipt_no"] = faults["receipt_no"].str[:6] + np.char.mod("9%04d", number)
    faults["line_no"] = 1
    faults["receipt_fen"] = faults["amount_fen"]
    faults["fault"] = pd.Categorical.from_codes(number % len(REASONS), categories=pd.Index(REASONS))
    return faults
