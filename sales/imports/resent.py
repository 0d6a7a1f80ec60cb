"""Receipts that come in parts: lines sent again are put beside the lines that are here already.

A stored receipt does not say which barcode a line was sold under, so that its lines are compared by
what they became, and the receipt's content is the hash of its head alone.
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa
from django.db import connection
from numpy.typing import NDArray

from organization.imports.copying import copy_out
from sales.imports.columns import PAYERS
from sales.imports.group import Receipts
from sales.imports.parse import LINE, NOT_SENT
from sales.imports.store import Existing

ADDED, UPDATED, UNCHANGED = 0, 1, 2  # what becomes of a line
COMPARED = ("product", "carton", "quantity", "amount", "discount", "buy", *PAYERS)
LINE_RANGE = 1 << 24
STORED = {
    name: pa.int64()
    for name in ("id", "line", "product", "carton", "packs", "quantity", "amount", "discount", "buy", *PAYERS)
}


def merge_lines(
    receipts: Receipts, existing: Existing
) -> tuple[Receipts, NDArray[np.bool_], NDArray[np.int64]]:
    """Receipts with all their lines, which of them are unchanged, and what becomes of each line sent."""
    old, old_of = _stored(existing)
    ours = receipts.of * LINE_RANGE + receipts.lines["line"]
    theirs = old_of * LINE_RANGE + old["line"]
    place = np.minimum(np.searchsorted(ours, theirs), len(ours) - 1)
    again = ours[place] == theirs
    fates = np.full(len(ours), ADDED)
    sent, here = receipts.lines[place[again]], old[again]
    same = np.logical_and.reduce([sent[name] == here[name] for name in COMPARED])
    fates[place[again]] = np.where(same, UNCHANGED, UPDATED)
    all_same = np.logical_and.reduceat(fates == UNCHANGED, _starts(receipts.of))
    whole = existing.content == receipts.content
    of_head = existing.content == receipts.of_head
    unchanged = existing.found & (whole | (of_head & all_same))
    fates[whole[receipts.of] & existing.found[receipts.of]] = UNCHANGED
    # Where the head says something else, every line that comes again is written anew.
    other_head = (existing.found & ~whole & ~of_head)[receipts.of]
    fates[other_head & (fates == UNCHANGED)] = UPDATED
    return _with(receipts, old[~again], old_of[~again]), unchanged, fates


def _starts(of: NDArray[np.int64]) -> NDArray[np.intp]:
    return np.flatnonzero(np.r_[True, np.diff(of) != 0])


def _with(receipts: Receipts, kept: NDArray[np.void], of: NDArray[np.int64]) -> Receipts:
    """The receipts with lines that are here and were not sent again."""
    head = receipts.head.copy()
    for name in ("store", "member", "day"):
        kept[name] = head[name][of]
    lines, all_of = np.r_[receipts.lines, kept], np.r_[receipts.of, of]
    order = np.lexsort((lines["line"], all_of))
    lines, all_of = lines[order], all_of[order]
    head["total"] = np.add.reduceat(lines["amount"], _starts(all_of))
    head["returned"] |= head["total"] < 0
    return replace(receipts, head=head, lines=lines, of=all_of, content=receipts.of_head)


def _stored(existing: Existing) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Lines of the receipts that are here, as records, and of which receipt of the file each is."""
    found = np.flatnonzero(existing.found)
    payers = ", ".join(f"COALESCE(({payer} * 100)::bigint, {NOT_SENT})" for payer in PAYERS)
    with connection.cursor() as cursor:
        ids = cursor.mogrify("%s::bigint[]", [existing.ids[found].tolist()]).decode()
    there = copy_out(
        f"""SELECT receipt_id, line_number, product_id, is_carton::int, packs, (quantity * 1000)::bigint,
                   (amount * 100)::bigint, (discount * 100)::bigint,
                   COALESCE((buy_price * 100)::bigint, -1), {payers}
              FROM sales_receiptline WHERE receipt_id = ANY({ids})""",
        STORED,
    )
    lines = np.zeros(there.num_rows, LINE)
    for name in STORED:
        if name != "id":
            lines[name] = there[name].to_numpy()
    by_id = found[np.argsort(existing.ids[found])]
    at = np.searchsorted(existing.ids[by_id], there["id"].to_numpy())
    return lines, by_id[at] if len(by_id) else np.zeros(0, np.int64)
