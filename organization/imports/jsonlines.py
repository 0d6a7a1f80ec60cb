"""JSON Lines: one object per line, its numbers kept in the very digits they were written in."""

import io
import json
import re
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
ROWS, LETTERS = 20_000, 8 << 20  # A batch ends with whichever is reached first.


# Numbers keep their digits.
DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
# Half a letter or a zero byte can be written in JSON, but not be stored.
_ODD = re.compile("[\0\ud800-\udfff]")
_ESCAPED = re.compile(r'["\\\x00-\x1f]')


def is_json(start: str) -> bool:
    return start.lstrip().startswith(("{", "["))


def names(open_: Opener, encoding: str) -> list[str]:
    """The names of all objects of a file, in the order they are met."""
    found: dict[str, None] = {}
    for _number, line in _lines(open_, encoding):
        found.update(dict.fromkeys(names_of(_object(line))))
        if len(found) > WIDEST_ROW:
            raise JobError(_("The objects have more than %(limit)s different names.") % {"limit": WIDEST_ROW})
    return list(found)


class Columns:
    """Rows of names and texts, gathered to columns."""

    def __init__(self, header: list[str], of_all: dict[str, str] | None = None) -> None:
        self._header, self._of_all = header, of_all or {}
        self.rows: list[int] = []
        self._cells: list[list[str]] = [[] for _title in header]
        self._letters = 0

    @property
    def is_full(self) -> bool:
        return len(self.rows) == ROWS or self._letters > LETTERS

    def add(self, row: int, values: dict[str, str]) -> None:
        self.rows.append(row)
        self._letters += sum(map(len, values.values()))
        for title, column in zip(self._header, self._cells, strict=True):
            column.append(values.get(title) or self._of_all.get(title, ""))

    def cut(self) -> tuple[NDArray[np.int64], list[pa.Array]]:
        """What was gathered since the last time."""
        rows, cells = self.rows, self._cells
        self.rows, self._cells, self._letters = [], [[] for _title in self._header], 0
        return np.array(rows, dtype=np.int64), [pa.array(column, pa.string()) for column in cells]


def batches(
    open_: Opener, layout: Layout, wrong: WrongWidth
) -> Iterator[tuple[NDArray[np.int64], list[pa.Array]]]:
    """Line numbers and columns; a line that is no object goes to `wrong`."""
    columns = Columns(layout.header)
    for number, line in _lines(open_, layout.encoding):
        values = _parse(line)
        if values is None:
            wrong.add(number, NOT_AN_OBJECT, line.rstrip("\r\n"))
            continue
        columns.add(number, values)
        if columns.is_full:
            yield columns.cut()
    yield columns.cut()


def sample_columns(layout: Layout, texts: list[str], positions: list[int]) -> dict[int, list[str]]:
    """Distinct values under the names at these places in pieces of the file."""
    found: dict[int, dict[str, None]] = {at: {} for at in positions}
    for text in texts:
        for line in text.split("\n"):
            values = _parse(line) or {}
            for at, seen in found.items():
                seen[values.get(layout.header[at], "").strip()] = None
    return {at: [cell for cell in seen if cell] for at, seen in found.items()}


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
    return texts_of(_object(line))


def _object(line: str) -> Any:
    try:
        return DECODER.decode(line)
    except (ValueError, RecursionError):
        return None


def names_of(found: Any) -> list[str]:
    """The names of what was an object, if they can be stored."""
    names = [name.strip() for name in found] if isinstance(found, dict) else []
    return [] if any(map(_ODD.search, names)) else names


def texts_of(found: Any) -> dict[str, str] | None:
    """Names and texts of what was an object; None for anything else, and for what cannot be stored."""
    if not isinstance(found, dict):
        return None
    try:
        values = {name.strip(): _text(value) for name, value in found.items()}
    except RecursionError:  # It can be read as deep as it is, and not be written.
        return None
    return None if any(map(_ODD.search, (*values, *values.values()))) else values


def storable(found: Any) -> str:
    """What is no object, or cannot be stored, as JSON that can be."""
    try:
        # Half a letter stays written as it was: `\\ud800`.
        return _ODD.sub(lambda odd: f"\\u{ord(odd[0]):04x}", json.dumps(found, ensure_ascii=False))
    except RecursionError:
        return ""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        quoted = '", "'.join(value)
        if not _ESCAPED.search("".join(value)):
            return f'["{quoted}"]' if value else "[]"
    return json.dumps(value, ensure_ascii=False)
