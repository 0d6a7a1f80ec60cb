"""From a file to batches of text columns: encoding, header, rows of the wrong width.

Files are streamed; nothing here depends on what the columns mean.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports.columns import Column, match_header
from organization.jobs import JobError

BLOCK = 4 << 20
LONGEST_CELL, LONGEST_ROW = 2_000, 20_000
WIDEST_ROW = 500
BINARY_STARTS = {
    b"PK\x03\x04": "XLSX/ZIP",
    b"\x1f\x8b": "gzip",
    b"%PDF": "PDF",
    b"\xd0\xcf\x11\xe0": "XLS",
    b"PAR1": "Parquet",
    b"\x89PNG": "PNG",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


_DATA = re.compile(r"\d{5}|\d[-/.年]\d")


class Source(Protocol):
    """A file that is read several times, sealed or not."""

    @property
    def size(self) -> int: ...

    def open(self) -> BinaryIO: ...


@dataclass(frozen=True)
class Layout:
    """How a file is to be read; shown to the admin and kept with the import."""

    encoding: str
    header: list[str]
    positions: dict[str, int]
    unused: list[str]

    def described(self) -> dict[str, object]:
        columns = [{"name": name, "title": self.header[at]} for name, at in self.positions.items()]
        return {
            "encoding": self.encoding,
            "header": self.header,
            "columns": columns,
            "unused": self.unused,
        }


@dataclass
class Batch:
    """Rows in file order. `rows` are record numbers, the header being 1."""

    rows: NDArray[np.int64]
    columns: list[pa.Array]
    layout: Layout

    def column(self, name: str) -> pa.Array | None:
        """Stripped text of a declared column; None where the file has none."""
        at = self.layout.positions.get(name)
        return None if at is None else pc.utf8_trim_whitespace(self.columns[at])

    def raw(self, index: int) -> list[str]:
        return [column[index].as_py()[:LONGEST_CELL] for column in self.columns]


@dataclass
class WrongWidth:
    """Rows with more or fewer cells than the header, as the parser reports them."""

    found: list[tuple[int, int, str]] = field(default_factory=list)  # row, cells, text

    def __call__(self, row: pa_csv.InvalidRow) -> str:
        self.found.append((row.number, row.actual_columns, row.text[:LONGEST_ROW]))
        return "skip"


def detect_layout(file: Source, columns: tuple[Column, ...]) -> Layout:
    """Find encoding and columns, or refuse the file with a sentence."""
    if file.size == 0:
        raise JobError(_("The file is empty."))
    encoding = _encoding(file)
    header = _header(file, encoding)
    positions, unused = match_header(header, columns)
    _check_columns(positions, header, columns)
    return Layout(encoding=encoding, header=header, positions=positions, unused=unused)


def _encoding(file: Source) -> str:
    with file.open() as handle:
        start = handle.read(1 << 16)
    for magic, kind in BINARY_STARTS.items():
        if start.startswith(magic):
            raise JobError(
                _("This file is %(kind)s. Save it as CSV in UTF-8 or GB18030 and send that.") % {"kind": kind}
            )
    if b"\0" in start:
        raise JobError(_("This file is not text: it holds zero bytes. Save it as CSV in UTF-8 or GB18030."))
    places = {}
    for encoding in ("utf-8", "gb18030"):
        places[encoding] = _undecodable_at(file, encoding)
        if places[encoding] is None:
            return encoding
    raise JobError(
        _(
            "The file is neither UTF-8 (byte %(utf8)s does not fit) nor GB18030 "
            "(byte %(gb)s does not fit). Save it as UTF-8."
        )
        % {"utf8": places["utf-8"], "gb": places["gb18030"]}
    )


def _undecodable_at(file: Source, encoding: str) -> int | None:
    """The place of the first byte that is not of this encoding, or None."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    with file.open() as handle:
        while True:
            block = handle.read(BLOCK)
            try:
                if "\0" in decoder.decode(block, final=not block):
                    raise JobError(_("This file is not text: it holds zero bytes."))
            except UnicodeDecodeError as error:
                return done + error.start
            if not block:
                return None
            done += len(block)


def _header(file: Source, encoding: str) -> list[str]:
    with io.TextIOWrapper(file.open(), encoding=encoding, newline="") as handle:
        start = handle.read(1 << 20).removeprefix("\ufeff")
    try:
        header = next(csv.reader(io.StringIO(start, newline="")), [])
    except csv.Error:
        raise JobError(_("The first row cannot be read as column names.")) from None
    header = [title.strip() for title in header]
    if len(header) > WIDEST_ROW:
        raise JobError(
            _("The first row has %(n)s columns; %(limit)s at most are read.")
            % {"n": len(header), "limit": WIDEST_ROW}
        )
    return header


def _check_columns(positions: dict[str, int], header: list[str], columns: tuple[Column, ...]) -> None:
    missing = [
        f"{c.name} ({', '.join(c.aliases)})" for c in columns if c.required and c.name not in positions
    ]
    twice = {title for column in positions.values() if header.count(title := header[column]) > 1}
    if twice:
        raise JobError(
            _("Two columns have the same name: %(titles)s.") % {"titles": ", ".join(sorted(twice))}
        )
    if not positions:
        if any(_DATA.search(title) for title in header):  # It may be of a person: say nothing of it.
            raise JobError(_("The first row holds values, not column names. Add a row of names above it."))
        titles = ", ".join(title[:30] for title in header[:6])
        raise JobError(
            _("No column of the first row is known (found: %(titles)s). Is this the right kind of file?")
            % {"titles": titles}
        )
    if missing:
        raise JobError(_("The first row lacks these columns: %(missing)s.") % {"missing": "; ".join(missing)})


def read_batches(file: Source, layout: Layout, wrong: WrongWidth) -> Iterator[Batch]:
    """Stream a file; rows of the wrong width go to `wrong` and are in no batch."""
    names = [f"c{position}" for position in range(len(layout.header))]
    next_row, last = 2, ""
    try:
        with file.open() as handle, _open(handle, names, layout.encoding, wrong) as reader:
            for record_batch in reader:
                count = record_batch.num_rows
                rows = _numbered(next_row, count, wrong)
                if count:
                    next_row, last = int(rows[-1]) + 1, record_batch.columns[-1][count - 1].as_py()
                yield Batch(rows=rows, columns=record_batch.columns, layout=layout)
    except pa.ArrowInvalid as error:
        raise _torn(next_row) from error
    if wrong.found and wrong.found[-1][0] >= next_row:
        next_row, last = wrong.found[-1][0] + 1, wrong.found[-1][2]
    if re.search(r"[\r\n]", last) and not _ends_quoted(file):
        raise _torn(next_row - 1)


def _torn(row: int) -> JobError:
    return JobError(
        _(
            "From about row %(row)s on the file cannot be taken apart: "
            "a cell is longer than 4 MB or a quotation mark is not closed."
        )
        % {"row": row}
    )


def _ends_quoted(file: Source) -> bool:
    """Whether the last cell of a file is closed; an open one holds everything to the end."""
    with file.open() as handle:
        handle.seek(-min(64, file.size), io.SEEK_END)
        return handle.read().rstrip().endswith(b'"')


def _open(handle: BinaryIO, names: list[str], encoding: str, wrong: WrongWidth) -> Any:
    """Text columns only; opening fails where there is no row below the header."""
    try:
        return pa_csv.open_csv(handle, **_options(names, encoding, wrong))
    except pa.ArrowInvalid:
        handle.seek(0)
        if handle.read(BLOCK).count(b"\n") == 0:
            raise JobError(_("The file has column names but no rows.")) from None
        raise


def _options(names: list[str], encoding: str, wrong: WrongWidth) -> dict[str, object]:
    return {
        "read_options": pa_csv.ReadOptions(
            use_threads=False,
            block_size=BLOCK,
            column_names=names,
            skip_rows_after_names=1,
            encoding=encoding,
        ),
        "parse_options": pa_csv.ParseOptions(
            newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=wrong
        ),
        "convert_options": pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    }


def _numbered(first: int, count: int, wrong: WrongWidth) -> NDArray[np.int64]:
    """Record numbers of the next `count` good rows: skipped rows leave gaps."""
    skipped = np.array([row for row, _cells, _text in wrong.found if row >= first], dtype=np.int64)
    candidates = np.arange(first, first + count + len(skipped))
    return candidates[~np.isin(candidates, skipped)][:count]
