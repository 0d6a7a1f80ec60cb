"""One JSON document: a list of objects, one object, or an object that wraps a list of them.

Records are read one after the other, so that memory is bounded by a record and not by the file.
"""

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports.columns import plain_title
from organization.imports.encodings import Opener, Utf8
from organization.imports.jsonlines import DECODER, Columns, names_of, storable, texts_of
from organization.imports.tables import NOT_AN_OBJECT, WIDEST_ROW, Layout, WrongWidth
from organization.jobs import JobError

BLOCK = 1 << 18
LONGEST_RECORD = 1 << 20
DEEPEST = 4
# A wrapper may say whose the records are. Its other words (code, status, total) are not of them.
OF_ALL = {"licensecode", "licencenumber", "tobaccolicense", "storeid", "storecode", "store", "outletnumber",
          "许可证号", "门店id", "门店编码"}  # fmt: skip
_SPACE = re.compile(r"[\s\ufeff]*")
_LIST = re.compile(r"\[\s*(\S)")


def is_document(start: str) -> bool:
    """Whether a text that begins as JSON is one document, and not an object on every line."""
    text = start.strip()
    if text.startswith("["):
        return True
    try:
        first, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError):  # Longer than what was read, or the first line is torn.
        return not any(isinstance(_whole(line), dict) for line in text.splitlines()[:20])
    wraps = any(isinstance(value, dict | list) for value in first.values())
    return not text[end:].strip() and (wraps or "\n" in text)


def _whole(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def names(open_: Opener, encoding: str) -> tuple[list[str], dict[str, str]]:
    """The names of all records in the order they are met, and what the wrapper says of all of them."""
    found: dict[str, None] = {}
    with _reader(open_, encoding) as reader:
        for record in reader.records():
            found.update(dict.fromkeys(names_of(record)))
            if len(found) > WIDEST_ROW:
                raise JobError(
                    _("The objects have more than %(limit)s different names.") % {"limit": WIDEST_ROW}
                )
    said = texts_of(reader.envelope) or {}
    envelope = {name: text for name, text in said.items() if plain_title(name) in OF_ALL}
    return list(dict.fromkeys([*envelope, *found])), envelope


def batches(
    open_: Opener, layout: Layout, wrong: WrongWidth
) -> Iterator[tuple[NDArray[np.int64], list[pa.Array]]]:
    """Record numbers and columns; a record that is no object goes to `wrong`."""
    columns = Columns(layout.header, layout.envelope)
    with _reader(open_, layout.encoding) as reader:
        for number, record in enumerate(reader.records(), start=1):
            values = texts_of(record)
            if values is None:
                wrong.add(number, NOT_AN_OBJECT, storable(record))
                continue
            columns.add(number, values)
            if columns.is_full:
                yield columns.cut()
    yield columns.cut()


def sample_columns(open_: Opener, layout: Layout, positions: list[int]) -> dict[int, list[str]]:
    """Distinct values of the columns at these places."""
    found: dict[int, dict[str, None]] = {at: {} for at in positions}
    for _rows, columns in batches(open_, layout, WrongWidth()):
        for at, seen in found.items():
            seen.update(dict.fromkeys(text.strip() for text in columns[at].unique().to_pylist()))
    return {at: [cell for cell in seen if cell] for at, seen in found.items()}


@contextmanager
def _reader(open_: Opener, encoding: str) -> Iterator["_Reader"]:
    with open_() as file:
        yield _Reader(io.TextIOWrapper(io.BufferedReader(Utf8(file, encoding)), "utf-8", newline="\n"))


class _Reader:
    """A window on a text that moves from value to value."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text, self._window, self._at, self._count = text, "", 0, 0
        self.envelope: dict[str, Any] = {}
        self._lists: list[str] = []

    def records(self) -> Iterator[Any]:
        if self._peek() == "[":
            yield from self._elements("")
        else:
            yield from self._wrapped(0)
            if not self._lists:
                yield self.envelope
        if self._peek():
            raise self._broken()

    def _wrapped(self, depth: int) -> Iterator[Any]:
        """Records of the one list in an object, however many objects are around it."""
        self._take("{")
        while self._peek() != "}":
            name = str(self._value())
            self._take(":")
            if self._holds_objects():
                yield from self._elements(name)
            elif self._peek() == "{" and depth < DEEPEST:
                yield from self._wrapped(depth + 1)
            else:
                self.envelope[name] = self._value()
            if self._peek() != "}":
                self._take(",")
        self._take("}")

    def _elements(self, name: str) -> Iterator[Any]:
        self._lists.append(name)
        if len(self._lists) > 1:
            raise JobError(
                _("The document holds several lists of records (%(names)s). Send each by itself.")
                % {"names": ", ".join(storable(name[:30])[1:-1] for name in self._lists)}
            )
        self._take("[")
        while self._peek() != "]":
            self._count += 1
            yield self._value()
            if self._peek() != "]":
                self._take(",")
        self._take("]")

    def _holds_objects(self) -> bool:
        if self._peek() != "[":
            return False
        while not (first := _LIST.match(self._window, self._at)):
            if len(self._window) - self._at > LONGEST_RECORD or not self._more():
                raise self._broken()
        return first[1] == "{"

    def _peek(self) -> str:
        """The next letter that is no space; nothing at the end."""
        while True:
            space = _SPACE.match(self._window, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._window):
                return self._window[self._at]
            if not self._more():
                return ""

    def _take(self, mark: str) -> None:
        if self._peek() != mark:
            raise self._broken()
        self._at += 1

    def _value(self) -> Any:
        self._peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._window, self._at)
            except RecursionError:
                raise self._broken() from None
            except ValueError:
                if len(self._window) - self._at > LONGEST_RECORD:
                    raise self._broken() from None
                if not self._more():
                    raise self._broken() from None
                continue
            if end < len(self._window) or not self._more():  # A number may go on behind the window.
                self._at = end if end < len(self._window) else len(self._window)
                return value

    def _more(self) -> bool:
        block = self._text.read(BLOCK)
        self._window, self._at = self._window[self._at :] + block, 0
        return bool(block)

    def _broken(self) -> JobError:
        return JobError(
            _("From record %(n)s on this file is not JSON, or a record is longer than 1 MB.")
            % {"n": max(1, self._count)}
        )
