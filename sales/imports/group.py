"""Lines to receipts: sort by natural key, check each receipt as a whole, hash what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports.tables import USUAL, Habits
from organization.imports.tally import Tally
from sales.imports.columns import PAYERS
from sales.imports.parse import MOST_LINES, NOT_SENT

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
    of_head: NDArray[np.int64]  # like `content`, of the receipt without its lines
    repeated: int  # rows that say the same line again, and their money
    repeated_cents: int


def group(records: NDArray[np.void], hashes: Hashes, tally: Tally, habits: Habits = USUAL) -> Receipts:
    """Receipts of one bucket of records; whole receipts with a fault go to the tally."""
    order = ["row", "line", "number", "store"]
    if habits.numbering != "never":
        _place_bad(records)
        order.insert(2, "period")
    records = records[np.lexsort([records[name] for name in order])]
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
    _refuse(records, too_long, "line", _("A line number has seven digits at most."), tally)
    _check_headers(records, first, tally)
    if habits.resend == "merge_lines":
        records["total"] = NOT_SENT  # What is said of the whole receipt cannot be told from some lines.
    _check_totals(records, np.flatnonzero(first), ~same, tally)
    bad = np.maximum.reduceat(records["bad"], np.flatnonzero(first)) if len(records) else np.zeros(0, bool)
    _refuse(records, bad[of] & ~records["bad"], "", _("Another row of this receipt is wrong."), tally)
    assert tally.cents is not None
    tally.cents["quarantined"] += int(records["amount"][records["bad"]].sum())
    return _receipts(records, line_hash, ~bad[of], same & ~bad[of], hashes)


def _starts(records: NDArray[np.void]) -> NDArray[np.bool_]:
    if not len(records):
        return np.zeros(0, bool)
    store, number, period = records["store"], records["number"], records["period"]
    other = (store[1:] != store[:-1]) | (number[1:] != number[:-1]) | (period[1:] != period[:-1])
    starts: NDArray[np.bool_] = np.r_[True, other]
    return starts


def _place_bad(records: NDArray[np.void]) -> None:
    """A row that may have no day belongs to the receipt of the row before it that has its number."""
    if not records["bad"].any():
        return
    order = np.lexsort((records["row"], records["number"], records["store"]))
    found = records[order]
    found["period"] = 0
    of = np.cumsum(_starts(found)) - 1
    place = np.arange(len(found))
    before = np.maximum.accumulate(np.where(found["bad"], -1, place))
    after = np.minimum.accumulate(np.where(found["bad"], len(found), place)[::-1])[::-1]
    near = np.where((before >= 0) & (of[before] == of), before, np.minimum(after, len(found) - 1))
    records["period"][order] = np.where(of[near] == of, records["period"][order][near], 0)


def _number_lines(records: NDArray[np.void], first: NDArray[np.bool_], of: NDArray[np.int64]) -> None:
    """Lines sent without a number get one in file order, and their place, after those that have one."""
    without = records["line"] == 0
    if without.any():
        place = np.arange(len(records)) - np.flatnonzero(first)[of] + 1
        highest = np.maximum.reduceat(records["line"], np.flatnonzero(first))[of]
        records["line"] = np.where(without, place + highest, records["line"])
        if not without.all():
            records[:] = records[np.lexsort((records["line"], of))]


def _mix(hashed: NDArray[np.uint64], values: NDArray[np.generic]) -> NDArray[np.uint64]:
    """One round of a 64-bit multiply-xorshift hash."""
    hashed = (hashed ^ values.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    return hashed ^ (hashed >> np.uint64(29))


def _line_hashes(records: NDArray[np.void]) -> NDArray[np.uint64]:
    hashed = np.full(len(records), 0x51ED270B, np.uint64)
    for name in ("line", "sent", "by_unit", "quantity", "amount", "discount", "buy"):
        hashed = _mix(hashed, records[name])
    # Only where somebody is named: what was stored before anybody was keeps its hash.
    named = np.logical_or.reduce([records[payer] != NOT_SENT for payer in PAYERS])
    by = hashed[named]
    for payer in PAYERS:
        by = _mix(by, records[payer][named])
    hashed[named] = by
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
    within = ~first[1:]
    for name, column in HEADER.items():
        if not (within & (records[name][1:] != records[name][:-1])).any():
            continue  # As it should be, and much quicker to tell.
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
    missing = total == NOT_SENT
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
    content = _head_hashes(content, head, ("day", "moment", "who", "channel", "total", "returned"), hashes)
    of_head = _head_hashes(np.zeros_like(content), head, ("day", "moment", "who", "channel"), hashes)
    of = np.repeat(np.arange(len(starts)), count)
    repeated_cents = int(records["amount"][same].sum())
    return Receipts(
        head,
        lines,
        of,
        content.view(np.int64),
        of_head.view(np.int64),
        int(same.sum()),
        repeated_cents,
    )


def _head_hashes(
    hashed: NDArray[np.uint64], head: NDArray[np.void], names: tuple[str, ...], hashes: Hashes
) -> NDArray[np.uint64]:
    for name in names:
        hashed = _mix(hashed, head[name])
    for name in ("till", "clerk", "tender"):
        hashed = _mix(hashed, hashes[name][head[name]])
    return _mix(hashed, _text_hash(head["original"]))


def _text_hash(texts: NDArray[np.bytes_]) -> NDArray[np.uint64]:
    words = np.ascontiguousarray(texts).view(">u8").reshape(len(texts), texts.dtype.itemsize // 8)
    hashed = np.zeros(len(texts), np.uint64)
    for column in range(words.shape[1]):
        hashed = _mix(hashed, words[:, column])
    return hashed
