"""Lines to receipts: sort by natural key, check each receipt as a whole, hash what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports.tally import Tally
from sales.imports.distinct import BAD

MOST_LINES = 32_000  # a line number is a small integer of the database
Hashes = Mapping[str, NDArray[np.uint64]]
# What every line of a receipt must say alike, and the column a contradiction is reported at.
HEADER = {"moment": "moment", "day": "business_day", "who": "card", "till": "till", "clerk": "clerk",
          "channel": "channel", "tender": "tender", "total": "total", "returned": "trade_type",
          "original": "original"}  # fmt: skip


@dataclass
class Receipts:
    """`head`: one record per receipt in key order; `lines`: their records; `of`: line → receipt."""

    head: NDArray[np.void]
    lines: NDArray[np.void]
    of: NDArray[np.int64]
    content: NDArray[np.int64]
    line_count: NDArray[np.int64]
    repeated: int  # rows that say the same line again, and their money
    repeated_cents: int


def group(records: NDArray[np.void], hashes: Hashes, tally: Tally) -> Receipts:
    """Receipts of one bucket of records; whole receipts with a fault go to the tally."""
    records = records[np.lexsort((records["row"], records["line"], records["number"], records["store"]))]
    first = _starts(records)
    of = np.cumsum(first) - 1
    _number_lines(records, first, of)
    line_hash = _line_hashes(records)
    again = np.r_[False, ~first[1:] & (records["line"][1:] == records["line"][:-1])]
    same = again & np.r_[False, line_hash[1:] == line_hash[:-1]] & ~records["bad"]
    _refuse(
        records,
        again & ~same & ~records["bad"],
        "line",
        _("Two rows of this receipt have the same line number."),
        tally,
    )
    too_long = (records["line"] > MOST_LINES) & ~records["bad"]
    _refuse(records, too_long, "line", _("A receipt has 32,000 lines at most."), tally)
    _check_headers(records, first, tally)
    _check_totals(records, np.flatnonzero(first), ~same, tally)
    bad = np.maximum.reduceat(records["bad"], np.flatnonzero(first)) if len(records) else np.zeros(0, bool)
    _refuse(records, bad[of] & ~records["bad"], "", _("Another row of this receipt is wrong."), tally)
    assert tally.cents is not None
    tally.cents["quarantined"] += int(records["amount"][records["bad"]].sum())
    return _receipts(records, line_hash, ~bad[of], same & ~bad[of], hashes)


def _starts(records: NDArray[np.void]) -> NDArray[np.bool_]:
    if not len(records):
        return np.zeros(0, bool)
    store, number = records["store"], records["number"]
    starts: NDArray[np.bool_] = np.r_[True, (store[1:] != store[:-1]) | (number[1:] != number[:-1])]
    return starts


def _number_lines(records: NDArray[np.void], first: NDArray[np.bool_], of: NDArray[np.int64]) -> None:
    """Lines sent without a number get one in file order, after those that have one."""
    without = records["line"] == 0
    if without.any():
        place = np.arange(len(records)) - np.flatnonzero(first)[of] + 1
        highest = np.maximum.reduceat(records["line"], np.flatnonzero(first))[of]
        records["line"] = np.where(without, place + highest, records["line"])


def _mix(hashed: NDArray[np.uint64], values: NDArray[np.generic]) -> NDArray[np.uint64]:
    """One round of a 64-bit multiply-xorshift hash."""
    hashed = (hashed ^ values.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    return hashed ^ (hashed >> np.uint64(29))


def _line_hashes(records: NDArray[np.void]) -> NDArray[np.uint64]:
    hashed = np.full(len(records), 0x51ED270B, np.uint64)
    for name in ("line", "sent", "by_unit", "quantity", "amount", "discount", "buy"):
        hashed = _mix(hashed, records[name])
    return hashed


def _refuse(
    records: NDArray[np.void], wrong: NDArray[np.bool_], column: str, reason: str, tally: Tally
) -> None:
    for row in records["row"][wrong].tolist():
        tally.refuse(row, column, "", reason)
    records["bad"] |= wrong


def _check_headers(records: NDArray[np.void], first: NDArray[np.bool_], tally: Tally) -> None:
    of = np.cumsum(first) - 1
    head = records[first]
    for name, column in HEADER.items():
        wrong = (records[name] != head[name][of]) & ~records["bad"] & ~head["bad"][of]
        _refuse(records, wrong, column, _("Other rows of this receipt say something else here."), tally)


def _check_totals(
    records: NDArray[np.void], starts: NDArray[np.intp], counted: NDArray[np.bool_], tally: Tally
) -> None:
    """The receipt's total is the sum of its lines; where none was sent it becomes that sum."""
    if not len(starts):
        return
    sums = np.add.reduceat(np.where(counted, records["amount"], 0), starts)
    records["returned"] |= np.repeat(sums < 0, np.diff(np.r_[starts, len(records)]))
    total = records["total"][starts]
    missing = total == BAD + 1
    sizes = np.diff(np.r_[starts, len(records)])
    differs = ~missing & (total != sums) & ~np.maximum.reduceat(records["bad"], starts)
    for receipt in np.flatnonzero(differs).tolist():
        said = {"total": f"{total[receipt] / 100:.2f}", "sum": f"{sums[receipt] / 100:.2f}"}
        tally.refuse(
            int(records["row"][starts[receipt]]),
            "total",
            _("%(total)s, lines say %(sum)s") % said,
            _("The total differs from the sum of the lines."),
        )
        records["bad"][starts[receipt]] = True
    records["total"] = np.repeat(np.where(missing, sums, total), sizes)


def _receipts(
    records: NDArray[np.void],
    line_hash: NDArray[np.uint64],
    good: NDArray[np.bool_],
    same: NDArray[np.bool_],
    hashes: Hashes,
) -> Receipts:
    keep = good & ~same
    lines, line_hash = records[keep], line_hash[keep]
    starts = np.flatnonzero(_starts(lines))
    count = np.diff(np.r_[starts, len(lines)])
    head = lines[starts]
    content = np.add.reduceat(line_hash, starts) if len(starts) else line_hash
    for name in ("day", "moment", "who", "channel", "total", "returned"):
        content = _mix(content, head[name])
    for name in ("till", "clerk", "tender"):
        content = _mix(content, hashes[name][head[name]])
    content = _mix(content, _text_hash(head["original"]))
    of = np.repeat(np.arange(len(starts)), count)
    repeated_cents = int(records["amount"][same].sum())
    return Receipts(head, lines, of, content.view(np.int64), count, int(same.sum()), repeated_cents)


def _text_hash(texts: NDArray[np.bytes_]) -> NDArray[np.uint64]:
    words = np.ascontiguousarray(texts).view(">u8").reshape(len(texts), texts.dtype.itemsize // 8)
    hashed = np.zeros(len(texts), np.uint64)
    for column in range(words.shape[1]):
        hashed = _mix(hashed, words[:, column])
    return hashed
