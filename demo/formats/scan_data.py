"""The tobacco of the chain as scan data: 34 fields parted by bars, no header."""

from pathlib import Path

import numpy as np
import pandas as pd

from demo.simulator import Chain

# Tills do not agree on this.
CLOCKS = ("%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%m%d%Y %H:%M:%S")
FIELDS = 34


def write_scan_data(chain: Chain, path: Path) -> None:
    """One line per scanned product, the stores one after the other."""
    lines = scanned(chain.lines)
    cells = [pd.Series("", index=lines.index)] * FIELDS
    for place, column in {
        1: lines["store_id"],
        2: lines["store_id"],
        3: "1 Example Road",
        5: "Exampleton",
        6: "VA",
        7: "23220",
        8: _moments(lines),
        9: lines["receipt_no"],
        10: lines["line_no"],
        11: lines["till"],
        12: lines["quantity"],
        13: (lines["amount_fen"] / lines["quantity"] / 100).map("{:.4f}".format),
        14: lines["barcode"],
        15: lines["name"],
        16: np.where(lines["unit"] == "carton", "CARTON", "PACK"),
        17: np.where(lines["discount_fen"] != 0, "Y", "N"),
        22: (lines["discount_fen"].abs() / 100).map("{:.2f}".format),
        33: lines["card_no"],
    }.items():
        cells[place - 1] = pd.Series(column, index=lines.index).astype("str").replace({"nan": "", "<NA>": ""})
    table = pd.concat(cells, axis=1)
    table.to_csv(path, sep="|", header=False, index=False, quoting=3, lineterminator="\r\n")


def scanned(lines: pd.DataFrame) -> pd.DataFrame:
    """What is reported: tobacco only."""
    return lines[lines["is_tobacco"] == 1]


def _moments(lines: pd.DataFrame) -> pd.Series:
    """Each store writes its own way."""
    way = lines["store_id"].cat.codes % len(CLOCKS)
    texts = pd.Series("", index=lines.index)
    for number, clock in enumerate(CLOCKS):
        mine = way == number
        texts[mine] = lines.loc[mine, "moment"].dt.strftime(clock)
    return texts
