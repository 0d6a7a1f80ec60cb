"""From a file to batches of text columns: what it is wrapped in, its format, encoding and header.

Files are streamed; nothing here depends on what the columns mean. Whatever the format, the rows
come out as the same `Batch`, so that no parser knows where they come from.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports import delimited, jsonlines, parquet, spreadsheet
from organization.imports.columns import Column, match_header
from organization.imports.containers import Content, PlainFile, Source, look_into
from organization.imports.encodings import Opener, survey
from organization.imports.recognition import recognise
from organization.imports.tables import WIDEST_ROW, Batch, Explained, Form, Layout, Shape, WrongWidth
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

    def without_names(self) -> "Sent":
        """The same file, its first row read as values."""
        layout = self.layout
        numbered = [str(at + 1) for at in range(len(layout.header))]
        above = layout.header_row - 1
        return replace(self, layout=replace(layout, header=numbered, header_row=above, headerless=True))


def look_at(file: Source) -> Sent:
    """Find format, encoding and titles, or refuse the file with a sentence."""
    content = look_into(file)
    layout, sampler = _parquet(content) if content.kind == "parquet" else _text(content)
    _check_header(layout.header)
    return Sent(replace(layout, wrapper=content.wrapper, member=content.member), sampler)


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
        sampler = partial(_sample_shaped, file)
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


def _sample_shaped(file: Source, layout: Layout, positions: list[int]) -> dict[int, list[str]]:
    """Distinct cells of what a shape makes of the first rows."""
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
        header = jsonlines.names(open_, seen.encoding, seen.start)
        layout = replace(layout, header=header, format="jsonl", header_row=0)
        return layout, lambda layout, positions: jsonlines.sample_columns(layout, seen.sample, positions)
    else:
        delimiter, quote = delimited.sniff(seen.start)
        header = delimited.first_row(seen.start, delimiter, quote)
        layout = replace(layout, header=header, delimiter=delimiter, quote=quote)
    return layout, lambda layout, positions: delimited.sample_columns(layout, seen.sample, positions)


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
        f"{c.name} ({', '.join(c.aliases)})" for c in columns if c.required and c.name not in positions
    ]
    twice = {title for column in positions.values() if header.count(title := header[column]) > 1}
    if twice:
        raise Unmapped(
            _("Two columns have the same name: %(titles)s.") % {"titles": ", ".join(sorted(twice))}
        )
    if not positions:
        if any(_DATA.search(title) for title in header):  # It may be of a person: say nothing of it.
            raise Unmapped(_("The first row holds values, not column names. Say which column holds what."))
        titles = ", ".join(title[:30] for title in header[:6])
        raise Unmapped(
            _("No column of the first row is known (found: %(titles)s). Is this the right kind of file?")
            % {"titles": titles}
        )
    if missing:
        raise Unmapped(_("The first row lacks these columns: %(missing)s.") % {"missing": "; ".join(missing)})


def read_batches(file: Source, layout: Layout, wrong: WrongWidth) -> Iterator[Batch]:
    """Stream a file; rows that do not fit go to `wrong` and are in no batch."""
    for rows, columns in _sent_rows(file, layout.sent or layout, wrong):
        if layout.shape is None:
            yield Batch(rows=rows, columns=columns, layout=layout)
        else:
            shaped = layout.shape.columns(rows, columns)
            yield Batch(*shaped, layout=layout, sent=columns if layout.shape.keeps_rows else None)


def _sent_rows(
    file: Source, layout: Layout, wrong: WrongWidth
) -> Iterator[tuple[NDArray[np.int64], list[pa.Array]]]:
    content = Content(file, _KINDS.get(layout.format, "text"), layout.wrapper, layout.member)
    if layout.format == "parquet":
        return parquet.batches(content, layout)
    if layout.format == "jsonl":
        return jsonlines.batches(content.open, layout, wrong)
    return delimited.batches(_opener(content), layout, wrong)


_KINDS = {"parquet": "parquet", "xlsx": "xlsx"}
