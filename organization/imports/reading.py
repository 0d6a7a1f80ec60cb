"""From a file to batches of text columns: what it is wrapped in, its format, encoding and header.

Files are streamed; nothing here depends on what the columns mean. Whatever the format, the rows
come out as the same `Batch`, so that no parser knows where they come from.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from django.utils.translation import gettext as _

from organization.imports import delimited, jsonlines, parquet, spreadsheet
from organization.imports.columns import Column, match_header
from organization.imports.containers import Content, PlainFile, Source, look_into
from organization.imports.encodings import Opener, survey
from organization.imports.recognition import recognise
from organization.imports.tables import WIDEST_ROW, Batch, Layout, WrongWidth
from organization.jobs import JobError

__all__ = ["Batch", "Layout", "PlainFile", "Source", "WrongWidth", "detect_layout", "read_batches"]

_DATA = re.compile(r"\d{5}|\d[-/.年]\d")
Sampler = Callable[[Layout, list[int]], dict[int, list[str]]]


def detect_layout(file: Source, columns: tuple[Column, ...]) -> Layout:
    """Find format, encoding and columns, or refuse the file with a sentence."""
    content = look_into(file)
    layout, sampler = _parquet(content) if content.kind == "parquet" else _text(content)
    layout = replace(layout, wrapper=content.wrapper, member=content.member)
    _check_header(layout.header)
    positions, unused = match_header(layout.header, columns)
    _check_columns(positions, layout, columns)
    layout = replace(layout, positions=positions, unused=unused)
    held = [column for column in columns if column.holds and column.name in positions]
    sample = sampler(layout, [positions[column.name] for column in held])
    return replace(layout, forms=recognise(held, {c.name: sample[positions[c.name]] for c in held}, layout))


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
    content = Content(file, _KINDS.get(layout.format, "text"), layout.wrapper, layout.member)
    if layout.format == "parquet":
        found = parquet.batches(content, layout)
    elif layout.format == "jsonl":
        found = jsonlines.batches(content.open, layout, wrong)
    else:
        found = delimited.batches(_opener(content), layout, wrong)
    for rows, columns in found:
        yield Batch(rows=rows, columns=columns, layout=layout)


_KINDS = {"parquet": "parquet", "xlsx": "xlsx"}
