"""From a file to batches of text columns: what it is wrapped in, its format, encoding and header.

Files are streamed; nothing here depends on what the columns mean. Whatever the format, the rows
come out as the same `Batch`, so that no parser knows where they come from.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
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
from organization.imports.tables import WIDEST_ROW, Batch, Layout, Shape, WrongWidth
from organization.jobs import JobError

__all__ = ["Batch", "Layout", "PlainFile", "Source", "WrongWidth", "detect_layout", "read_batches"]

_DATA = re.compile(r"\d{5}|\d[-/.年]\d")
Sampler = Callable[[Layout, list[int]], dict[int, list[str]]]


def detect_layout(file: Source, columns: tuple[Column, ...], shape: Shape | None = None) -> Layout:
    """Find format, encoding and columns, or refuse the file with a sentence."""
    content = look_into(file)
    layout, sampler = _parquet(content) if content.kind == "parquet" else _text(content)
    layout = replace(layout, wrapper=content.wrapper, member=content.member)
    _check_header(layout.header)
    if shape:
        layout = replace(layout, header=shape.titles(layout.header), sent=layout, shape=shape)
        sampler = partial(_sample_shaped, file)
    positions, unused = match_header(layout.header, columns)
    _check_columns(positions, layout, columns)
    layout = replace(layout, positions=positions, unused=unused)
    held = [column for column in columns if column.holds and column.name in positions]
    sample = sampler(layout, [positions[column.name] for column in held])
    return replace(layout, forms=recognise(held, {c.name: sample[positions[c.name]] for c in held}, layout))


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
