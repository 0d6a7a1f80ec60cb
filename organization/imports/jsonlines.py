"""JSON Lines: one object per line, its numbers kept in the very digits they were written in."""

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports.encodings import Opener, Utf8
from organization.imports.tables import NOT_AN_OBJECT, WIDEST_ROW, Layout, WrongWidth
from organization.jobs import JobError

LONGEST_LINE = 1 << 20
ROWS = 20_000


def is_json(start: str) -> bool:
    return start.lstrip().startswith(("{", "["))


def names(open_: Opener, encoding: str, start: str) -> list[str]:
    """The names of all objects of a file, in the order they are met."""
    if start.lstrip().startswith("["):
        raise JobError(_("This file is one JSON document. Send JSON Lines: one object on each line."))
    found: dict[str, None] = {}
    for _number, line in _lines(open_, encoding):
        found.update(dict.fromkeys(_parse(line) or ()))
        if len(found) > WIDEST_ROW:
            raise JobError(_("The objects have more than %(limit)s different names.") % {"limit": WIDEST_ROW})
    return list(found)


def batches(
    open_: Opener, layout: Layout, wrong: WrongWidth
) -> Iterator[tuple[NDArray[np.int64], list[pa.Array]]]:
    """Line numbers and columns; a line that is no object goes to `wrong`."""
    rows: list[int] = []
    cells: list[list[str]] = [[] for _title in layout.header]
    for number, line in _lines(open_, layout.encoding):
        values = _parse(line)
        if values is None:
            wrong.add(number, NOT_AN_OBJECT, line.rstrip("\r\n"))
            continue
        rows.append(number)
        for title, column in zip(layout.header, cells, strict=True):
            column.append(values.get(title, ""))
        if len(rows) == ROWS:
            yield _batch(rows, cells)
            rows, cells = [], [[] for _title in layout.header]
    yield _batch(rows, cells)


def sample_columns(layout: Layout, texts: list[str], positions: list[int]) -> dict[int, list[str]]:
    """Distinct values under the names at these places in pieces of the file."""
    found: dict[int, dict[str, None]] = {at: {} for at in positions}
    for text in texts:
        for line in text.split("\n"):
            values = _parse(line) or {}
            for at, seen in found.items():
                seen[values.get(layout.header[at], "").strip()] = None
    return {at: [cell for cell in seen if cell] for at, seen in found.items()}


def _batch(rows: list[int], cells: list[list[str]]) -> tuple[NDArray[np.int64], list[pa.Array]]:
    return np.array(rows, dtype=np.int64), [pa.array(column, pa.string()) for column in cells]


def _lines(open_: Opener, encoding: str) -> Iterator[tuple[int, str]]:
    with open_() as file:
        text = io.TextIOWrapper(io.BufferedReader(Utf8(file, encoding)), "utf-8", newline="\n")
        number = 0
        while line := text.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                raise JobError(_("Line %(n)s is longer than 1 MB.") % {"n": number})
            yield number, line.removeprefix("\ufeff") if number == 1 else line


def _parse(line: str) -> dict[str, str] | None:
    """Names and texts of an object; nothing for a blank line, None for anything else."""
    if not line.strip():
        return {}
    try:
        found = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    values = {name.strip(): _text(value) for name, value in found.items()}
    return None if "\\u" in line and not all(map(_storable, (*values, *values.values()))) else values


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False)


def _storable(text: str) -> bool:
    """Half a letter or a zero byte can be written in JSON, but not be stored."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
