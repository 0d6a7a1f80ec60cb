"""Messages of retail terminals: a document per record, its lines in parallel lists.

A list is a JSON array or a text parted by commas; all lists of a message are as long as its count
says. A message whose lists differ is set aside whole.
"""

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports.columns import plain_title

MOST_LINES = 10_000
LINE_TITLES = ("line", "lineno", "行号")


def elements(cell: str) -> list[str]:
    """The texts of a list, however it is written; an empty cell is a list of nothing."""
    cell = cell.strip()
    if not cell:
        return []
    if "," not in cell and cell[0] != "[":
        return [cell]
    if cell.startswith("["):
        try:
            found = json.loads(cell, parse_int=str, parse_float=str, parse_constant=str)
        except (ValueError, RecursionError):
            return [cell]
        return ["" if each is None else str(each).strip() for each in found]
    return [part.strip() for part in cell.split(",")]


def _told_apart(titles: list[str]) -> list[str]:
    """Of equal titles the first one counts, and the others stay what they are."""
    return [title if title not in titles[:at] else f"{title} {at}" for at, title in enumerate(titles)]


@dataclass
class Apart:
    """Messages taken apart: `of` is the message of each line, `reasons` why a message cannot be."""

    of: NDArray[np.int64]
    columns: dict[str, pa.Array]  # by plain title
    reasons: list[str]  # per message

    def starts(self) -> NDArray[np.intp]:
        """The first line of each message."""
        return np.searchsorted(self.of, np.arange(len(self.reasons)))

    def texts(self, *titles: str) -> pa.Array:
        """The first of these columns that there is; empty cells where there is none."""
        found = (self.columns[title] for title in titles if title in self.columns)
        return next(found, pa.array([""] * len(self.of), pa.string()))


class Messages:
    """A shape: each line of a message becomes a row, beside what the message says of all of them."""

    keeps_rows = False
    prefix, count = "dtl", "dtlcount"
    worked_out: tuple[str, ...] = ()

    def titles(self, header: list[str]) -> list[str]:
        """Those of the message; a line number, where none is sent, and what subclasses work out."""
        self._header = _told_apart([plain_title(title) for title in header])
        self._numbers = [] if any(title in LINE_TITLES for title in self._header) else ["line"]
        return [*header, *self._numbers, *(name for name in self.worked_out if name not in self._header)]

    def work_out(self, apart: Apart) -> list[pa.Array]:
        """Columns under the titles `worked_out`; may add reasons to their messages."""
        return []

    def columns(
        self, rows: NDArray[np.int64], columns: list[pa.Array]
    ) -> tuple[NDArray[np.int64], list[pa.Array]]:
        """One row per line, and why a message cannot be taken apart."""
        sent = dict(zip(self._header, columns, strict=True))
        apart = self._take_apart(sent, len(rows))
        # Lines that were set aside and are sent again have these columns already.
        apart.columns |= dict(zip(self.worked_out, self.work_out(apart), strict=True))
        titles = dict.fromkeys([*self._header, *self._numbers, *self.worked_out])
        reasons = pa.array(apart.reasons, pa.string()).take(pa.array(apart.of))
        return rows[apart.of], [*(apart.columns[title] for title in titles), reasons]

    def _take_apart(self, sent: dict[str, pa.Array], size: int) -> Apart:
        names = [name for name in sent if name.startswith(self.prefix) and name != self.count]
        lists = {name: [elements(cell) for cell in sent[name].to_pylist()] for name in names}
        counts = sent[self.count].to_pylist() if self.count in sent else [""] * size
        lengths, reasons = [0] * size, [""] * size
        for at in range(size):
            lengths[at], reasons[at] = _length(counts[at].strip(), {n: lists[n][at] for n in names})
        of = np.repeat(np.arange(size), [length or 1 for length in lengths])
        columns = {name: column.take(pa.array(of)) for name, column in sent.items()}
        for name in names:
            cells = sent[name].to_pylist()
            columns[name] = pa.array(
                [
                    cell
                    for at, length in enumerate(lengths)
                    # A message that is set aside keeps its lists.
                    for cell in (lists[name][at] or [""] * length if length else [cells[at]])
                ],
                pa.string(),
            )
        whole = np.array([not length for length in lengths], bool)[of]
        if self.count not in sent:  # A line by itself may be one of several of its document.
            whole |= np.array([length == 1 for length in lengths], bool)[of]
        line = np.arange(len(of)) - np.searchsorted(of, of) + 1
        columns["line"] = columns.get("line", pc.if_else(whole, "", pa.array(line).cast(pa.string())))
        if self.count in sent:  # Lines that are set aside can be sent again as they come out.
            columns[self.count] = pc.if_else(whole, columns[self.count], "1")
        return Apart(of, columns, reasons)


def _length(count: str, lists: dict[str, list[str]]) -> tuple[int, str]:
    """How many lines a message has; 0 where it stays whole, with the reason if it must not."""
    longest = max(map(len, lists.values()), default=0)
    if not count and not longest:
        return 0, ""  # A blank row, or one of totals: its reader knows what to do.
    if count and not (count.isascii() and count.isdecimal() and 1 <= int(count[:9]) <= MOST_LINES):
        return 0, _("The number of lines, dtlcount, is not a whole number from 1 to %(most)s.") % {
            "most": f"{MOST_LINES:,}"
        }
    length = int(count or longest)
    wrong = {name: found for name, found in lists.items() if found and len(found) != length}
    if wrong:
        name, found = next(iter(wrong.items()))
        return 0, _(
            "The lists of this message are not equally long: %(name)s holds %(n)s values, "
            "the message has %(length)s lines."
        ) % {"name": f"dtl_{name.removeprefix('dtl')}", "n": len(found), "length": length}
    return length, ""
