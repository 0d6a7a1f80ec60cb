"""Text with a delimiter: which one, which quotation mark, and its rows by way of Arrow."""

import csv
import io
import re
from bisect import bisect_left
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports.encodings import Opener, Utf8
from organization.imports.pace import Pace
from organization.imports.tables import LONGEST_CELL, Layout, WrongWidth
from organization.jobs import JobError

BLOCK, AHEAD = 2 << 20, 4
DELIMITERS = (",", "\t", "|", ";")
QUOTES = ('"', "'")
SNIFFED_ROWS = 200
MOST_CELLS = 16 << 20  # of one block: with anything in them they would not fit


def sniff(start: str) -> tuple[str, str]:
    """Delimiter and quotation mark of a text: those that give most of its first rows most cells alike."""
    lines = start[: 256 << 10].splitlines()[:SNIFFED_ROWS]
    scores = {
        (delimiter, quote): _score(lines, delimiter, quote) for quote in QUOTES for delimiter in DELIMITERS
    }
    # Of equals the first: a comma, a double quotation mark.
    return max(scores, key=lambda pair: scores[pair])


def _score(lines: list[str], delimiter: str, quote: str) -> float:
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter, quotechar=quote) if row]
    except csv.Error:
        return 0
    if not rows or (quote != '"' and not _is_quoted(lines[0], delimiter, quote)):
        return 0
    width = len(rows[0]) + (quote != '"')  # A whole row of cells in single marks is no accident.
    return (width - 1) * sum(len(row) == len(rows[0]) for row in rows) / len(rows)


def _is_quoted(line: str, delimiter: str, quote: str) -> bool:
    return all(len(cell) > 1 and cell[0] == cell[-1] == quote for cell in line.strip().split(delimiter))


def first_row(start: str, delimiter: str, quote: str) -> list[str]:
    """The column names."""
    reader = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter, quotechar=quote)
    try:
        titles = [title.strip() for title in next(reader, [])]
    except csv.Error:
        titles = None
    if titles is None or any(len(title) > LONGEST_CELL for title in titles):
        raise JobError(_("The first row cannot be read as column names."))
    return titles


def batches(
    open_: Opener, layout: Layout, wrong: WrongWidth
) -> Iterator[tuple[NDArray[np.int64], list[pa.Array]]]:
    """Record numbers and columns, in file order; rows of the wrong width go to `wrong`."""
    names = [f"c{position}" for position in range(len(layout.header))]
    next_row, last = layout.header_row + 1, ""

    def take_wrong(row: pa_csv.InvalidRow) -> str:
        wrong.add(row.number + layout.header_row - layout.skipped, row.actual_columns, row.text)
        return "skip"

    with open_() as file:
        text = _Lines(file, layout.encoding, len(names))
        try:
            pace = Pace(block=BLOCK, ahead=AHEAD)
            for batch in pace.using(_open(text, pace, names, layout, take_wrong)):
                count = batch.num_rows
                rows = _numbered(next_row, count, wrong)
                if count:
                    next_row, last = int(rows[-1]) + 1, batch.columns[-1][count - 1].as_py()
                yield rows, batch.columns
        except pa.ArrowInvalid as error:
            raise _torn(next_row) from error
    if wrong.found and wrong.found[-1][0] >= next_row:
        next_row, last = wrong.found[-1][0] + 1, wrong.found[-1][2]
    if re.search(r"[\r\n]", last) and not text.tail.rstrip().endswith(layout.quote.encode()):
        raise _torn(next_row - 1)  # An open cell holds everything to the end.


class _Lines(Utf8):
    """An empty line becomes a row of all columns: many of them are refused before they fill the memory."""

    def __init__(self, file: BinaryIO, encoding: str, width: int) -> None:
        super().__init__(file, encoding)
        self._width = width
        # Arrow reads in a thread that has no language.
        self._refusal = _("The file holds far more rows than a file of its size may.")

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = super().readinto(buffer)
        if bytes(buffer[:size]).count(b"\n") * self._width > MOST_CELLS:
            raise JobError(self._refusal)
        return size


def sample_columns(layout: Layout, texts: list[str], positions: list[int]) -> dict[int, list[str]]:
    """Distinct cells of the columns at these places in pieces of the file."""
    found: dict[int, dict[str, None]] = {at: {} for at in positions}
    width = len(layout.header)
    for number, text in enumerate(texts):
        lines = text.split("\n")[layout.skipped if number == 0 else 0 :]
        try:
            for row in csv.reader(lines, delimiter=layout.delimiter, quotechar=layout.quote):
                if len(row) == width:
                    for at, seen in found.items():
                        seen[row[at].strip()] = None
        except csv.Error:
            continue  # A piece may begin inside a quoted cell.
    return {at: [cell for cell in seen if cell] for at, seen in found.items()}


def _torn(row: int) -> JobError:
    return JobError(
        _(
            "From about row %(row)s on the file cannot be taken apart: "
            "a cell is longer than 2 MB or a quotation mark is not closed."
        )
        % {"row": row}
    )


def _open(text: Utf8, pace: Pace, names: list[str], layout: Layout, wrong: Any) -> Any:
    """Text columns only; opening fails where there is no row below the header."""
    try:
        return iter(pa_csv.open_csv(pace.reading(text), **_options(names, layout, wrong)))
    except pa.ArrowInvalid:
        if not text.has_lines:
            raise JobError(_("The file has column names but no rows.")) from None
        raise


def _options(names: list[str], layout: Layout, wrong: Any) -> dict[str, object]:
    return {
        "read_options": pa_csv.ReadOptions(
            use_threads=False,
            block_size=BLOCK,
            column_names=names,
            skip_rows_after_names=layout.skipped,
        ),
        "parse_options": pa_csv.ParseOptions(
            delimiter=layout.delimiter,
            quote_char=layout.quote,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=wrong,
        ),
        "convert_options": pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    }


def _numbered(first: int, count: int, wrong: WrongWidth) -> NDArray[np.int64]:
    """Record numbers of the next `count` good rows: skipped rows leave gaps."""
    since = bisect_left(wrong.found, first, key=itemgetter(0))  # There may be millions.
    skipped = np.array([row for row, _cells, _text in wrong.found[since:]], dtype=np.int64)
    candidates = np.arange(first, first + count + len(skipped))
    return candidates[~np.isin(candidates, skipped)][:count]
