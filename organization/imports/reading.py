"""From a file to batches of text columns: what it is wrapped in, its format, encoding and header.

Files are streamed; nothing here depends on what the columns mean. Whatever the format, the rows
come out as the same `Batch`, so that no parser knows where they come from.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports import delimited, jsondocument, jsonlines, parquet, spreadsheet
from organization.imports.columns import Column, match_header
from organization.imports.containers import Content, PlainFile, Source, look_into
from organization.imports.encodings import Opener, Survey, survey
from organization.imports.recognition import recognise
from organization.imports.tables import (
    LONGEST_CELL,
    WIDEST_ROW,
    Batch,
    Explained,
    Form,
    Layout,
    Shape,
    WrongWidth,
    too_many,
)
from organization.jobs import JobError

__all__ = [
    "Batch",
    "Layout",
    "PlainFile",
    "Sent",
    "Source",
    "Unmapped",
    "WrongWidth",
    "detect_layout",
    "first_rows",
    "holds_values",
    "look_at",
    "look_at_corrections",
    "read_batches",
]

_DATA = re.compile(r"\d{5}|\d[-/.年]\d")
Sampler = Callable[[Layout, list[int]], dict[int, list[str]]]


class Unmapped(JobError):
    """The columns of a file are not those of its kind: somebody has to say which is which."""


@dataclass(frozen=True)
class Sent:
    """A file as it is, before anybody knows what its columns mean."""

    layout: Layout
    sampler: Sampler

    @property
    def may_be_headerless(self) -> bool:
        return self.layout.format in ("csv", "xlsx")

    def without_names(self, names: Sequence[str] = ()) -> "Sent":
        """The same file, its first row read as values; columns have numbers where they get no names."""
        layout = self.layout
        header = [*names, *(str(at + 1) for at in range(len(names), len(layout.header)))]
        above = layout.header_row - 1
        return replace(self, layout=replace(layout, header=header, header_row=above, headerless=True))


def look_at(file: Source) -> Sent:
    """Find format, encoding and titles, or refuse the file with a sentence."""
    content = look_into(file)
    layout, sampler = _parquet(content) if content.kind == "parquet" else _text(content)
    _check_header(layout.header)
    return Sent(replace(layout, wrapper=content.wrapper, member=content.member), sampler)


def look_at_corrections(file: Source, header: list[str]) -> Sent:
    """A file of rows set aside, as it is written here: nothing about it has to be found out."""
    layout = Layout("utf-8", header, {}, [], size=file.size)
    return Sent(layout, partial(_sample_first_rows, file))


def holds_values(header: list[str], columns: tuple[Column, ...]) -> bool:
    """Whether a first row holds values: no name in it is known, and some of it looks like data."""
    return not match_header(header, columns)[0] and any(_DATA.search(title) for title in header)


def detect_layout(
    file: Source,
    columns: tuple[Column, ...],
    shape: Shape | None = None,
    *,
    headerless: bool | None = None,
    sent: Sent | None = None,
    forms: dict[str, Form] | None = None,
) -> Layout:
    """Find format, encoding and columns, or refuse the file with a sentence.

    `headerless` says whether the first row holds values; with a shape it is told from the row where
    nobody says. `sent` is what `look_at` found before; `forms` are given where they are known already.
    """
    sent = sent or look_at(file)
    if headerless is None:
        headerless = shape is not None and holds_values(sent.layout.header, columns)
    sent = sent.without_names() if headerless and sent.may_be_headerless else sent
    layout, sampler = sent.layout, sent.sampler
    if shape:
        layout = replace(layout, header=shape.titles(layout.header), sent=layout, shape=shape)
        sampler = partial(_sample_first_rows, file)
    positions, unused = match_header(layout.header, columns)
    _check_columns(positions, layout, columns)
    if isinstance(shape, Explained):
        unused = shape.unused(sent.layout.header)
    layout = replace(layout, positions=positions, unused=unused)
    held = [column for column in columns if column.holds and column.name in positions]
    known = forms or {}
    asked = [column for column in held if column.name not in known]
    sample = sampler(layout, [positions[column.name] for column in asked])
    found = recognise(asked, {c.name: sample[positions[c.name]] for c in asked}, layout)
    return replace(layout, forms={c.name: known.get(c.name) or found[c.name] for c in held})


def first_rows(file: Source, layout: Layout, count: int) -> list[list[str]]:
    """Cells of the first rows as sent."""
    batch = next((batch for batch in read_batches(file, layout, WrongWidth()) if len(batch.rows)), None)
    return [batch.raw(index) for index in range(min(count, len(batch.rows)))] if batch else []


def _sample_first_rows(file: Source, layout: Layout, positions: list[int]) -> dict[int, list[str]]:
    """Distinct cells of the first rows, or of what a shape makes of them."""
    batch = next(read_batches(file, layout, WrongWidth()), None)
    if batch is None:
        return {at: [] for at in positions}
    cells = {at: pc.utf8_trim_whitespace(batch.columns[at]).unique().to_pylist() for at in positions}
    return {at: [cell for cell in found if cell] for at, found in cells.items()}


def _parquet(content: Content) -> tuple[Layout, Sampler]:
    header, size = parquet.titles(content)
    layout = Layout("", header, {}, [], format="parquet", header_row=0, size=size)
    return layout, lambda layout, positions: parquet.sample_columns(content, layout, positions)


def _text(content: Content) -> tuple[Layout, Sampler]:
    sheet, header_row = spreadsheet.about(content) if content.kind == "xlsx" else ("", 1)
    open_ = _opener(content)
    seen = survey(open_)
    layout = Layout(seen.encoding, [], {}, [], header_row=header_row, size=seen.size, sheet=sheet)
    if content.kind == "xlsx":
        header = delimited.first_row(seen.start, ",", '"')
        layout = replace(layout, header=header, format="xlsx", encoding="utf-8")
    elif jsonlines.is_json(seen.start):
        return _json(open_, seen, replace(layout, header_row=0))
    else:
        delimiter, quote = delimited.sniff(seen.start)
        header = delimited.first_row(seen.start, delimiter, quote)
        layout = replace(layout, header=header, delimiter=delimiter, quote=quote)
    return layout, lambda layout, positions: delimited.sample_columns(layout, seen.sample, positions)


def _json(open_: Opener, seen: Survey, layout: Layout) -> tuple[Layout, Sampler]:
    if jsondocument.is_document(seen.start):
        header, envelope = jsondocument.names(open_, seen.encoding)
        layout = replace(layout, header=header, envelope=envelope, format="json")
        return layout, lambda layout, positions: jsondocument.sample_columns(open_, layout, positions)
    layout = replace(layout, header=jsonlines.names(open_, seen.encoding), format="jsonl")
    return layout, lambda layout, positions: jsonlines.sample_columns(layout, seen.sample, positions)


def _opener(content: Content) -> Opener:
    return content.open if content.kind != "xlsx" else lambda: spreadsheet.open_csv(content)


def _check_header(header: list[str]) -> None:
    if len(header) > WIDEST_ROW:
        raise JobError(
            _("The first row has %(n)s columns; %(limit)s at most are read.")
            % {"n": len(header), "limit": WIDEST_ROW}
        )


def _check_columns(positions: dict[str, int], layout: Layout, columns: tuple[Column, ...]) -> None:
    header = layout.header
    missing = [
        f"{c.label} ({', '.join((c.name, *c.aliases))})"
        for c in columns
        if c.required and c.name not in positions
    ]
    twice = {title for column in positions.values() if header.count(title := header[column]) > 1}
    if twice:
        raise Unmapped(
            _("Two columns have the same name: %(titles)s.") % {"titles": ", ".join(sorted(twice))}
        )
    if not positions:
        if any(_DATA.search(title) for title in header):  # It may be of a person: say nothing of it.
            raise Unmapped(_("The first row holds values, not column names. Say which column holds what."))
        # What they say is left out: it may be a person's name.
        raise Unmapped(_("No column of the first row is known. Is this the right kind of file?"))
    if missing:
        raise Unmapped(_("The first row lacks these columns: %(missing)s.") % {"missing": "; ".join(missing)})


def read_batches(file: Source, layout: Layout, wrong: WrongWidth) -> Iterator[Batch]:
    """Stream a file; rows that do not fit go to `wrong` and are in no batch."""
    shape = layout.shape
    if shape is None:
        for rows, columns in _sent_rows(file, layout, wrong):
            yield Batch(rows=rows, columns=columns, layout=layout)
    elif shape.keeps_rows:
        for rows, columns in _sent_rows(file, layout.sent or layout, wrong):
            made, cells = _without_unfit(*shape.columns(rows, columns), layout, wrong)
            if wrong.is_full:
                raise too_many()
            yield Batch(made, cells, layout, columns)
    else:
        yield from _taken_apart(file, layout, shape, wrong)


def _taken_apart(file: Source, layout: Layout, shape: Shape, wrong: WrongWidth) -> Iterator[Batch]:
    """What becomes of the rows, numbered through; so are rows sent that do not fit."""
    sent, next_row = WrongWidth(), 1
    for rows, columns in _sent_rows(file, layout.sent or layout, sent):
        made, cells = shape.columns(rows, columns)
        numbers = np.arange(next_row, next_row + len(made))
        next_row = _numbered_anew(sent, wrong, next_row + len(made))
        batch = Batch(*_without_unfit(numbers, cells, layout, wrong), layout)
        if wrong.is_full:
            raise too_many()
        yield batch
    _numbered_anew(sent, wrong, next_row)


def _numbered_anew(sent: WrongWidth, wrong: WrongWidth, next_row: int) -> int:
    """Hand on what was found since the last time; the next number."""
    for _row, cells, text in sent.take().found:
        wrong.add(next_row, cells, text)
        next_row += 1
    return next_row


def _without_unfit(
    rows: NDArray[np.int64], columns: list[pa.Array], layout: Layout, wrong: WrongWidth
) -> tuple[NDArray[np.int64], list[pa.Array]]:
    """Rows that their shape could take apart; the others go to `wrong` with its sentence."""
    width = len(layout.header)
    if len(columns) == width:
        return rows, columns
    *columns, reasons = columns
    good = pc.equal(reasons, "")
    for index in np.flatnonzero(~good.to_numpy(zero_copy_only=False)).tolist():
        cells = [column[index].as_py()[:LONGEST_CELL] for column in columns]
        wrong.add_unfit(int(rows[index]), reasons[index].as_py(), cells)
    return rows[good.to_numpy(zero_copy_only=False)], [column.filter(good) for column in columns]


def _sent_rows(
    file: Source, layout: Layout, wrong: WrongWidth
) -> Iterator[tuple[NDArray[np.int64], list[pa.Array]]]:
    for found in _rows_of_format(file, layout, wrong):
        if wrong.is_full:
            raise too_many()
        yield found
    if wrong.is_full:
        raise too_many()


def _rows_of_format(
    file: Source, layout: Layout, wrong: WrongWidth
) -> Iterator[tuple[NDArray[np.int64], list[pa.Array]]]:
    content = Content(file, _KINDS.get(layout.format, "text"), layout.wrapper, layout.member)
    if layout.format == "parquet":
        return parquet.batches(content, layout)
    if layout.format == "json":
        return jsondocument.batches(content.open, layout, wrong)
    if layout.format == "jsonl":
        return jsonlines.batches(content.open, layout, wrong)
    return delimited.batches(_opener(content), layout, wrong)


_KINDS = {"parquet": "parquet", "xlsx": "xlsx"}
