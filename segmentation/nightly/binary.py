"""Rows as binary COPY wants them, made of arrays.

A row is a count of fields, then each field after its length. Rows whose nulls and texts have the same
lengths are laid out alike, so they are encoded as one structured array; their order is not kept.
"""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
DAYS_TO_2000 = 10_957  # PostgreSQL counts days from there.
WIRE = {
    "smallint": ">i2",
    "integer": ">i4",
    "bigint": ">i8",
    "double precision": ">f8",
    "boolean": "?",
    "date": ">i4",
}
TEXT, MONEY = "character varying", "numeric"
# Sixteen bytes: how many digits of ten thousand, the weight of the first, sign, decimals; the digits.
NUMERIC = np.dtype([("head", ">i2", 3), ("scale", ">i2"), ("digits", ">i2", 4)])
NEGATIVE = 0x4000
ROWS_AT_A_TIME = 65_536

Column = tuple[str, NDArray[Any]]


class _Field:
    """One column: its values, which of them are null, and the bytes each takes."""

    def __init__(self, kind: str, column: NDArray[Any]) -> None:
        self.values = np.ma.getdata(column)
        self.missing = np.ma.getmaskarray(column)
        if self.values.dtype.kind == "f":
            self.missing = self.missing | np.isnan(self.values)
        self.kind = kind
        if kind == TEXT and self.values.dtype.kind != "S":
            self.values = np.strings.encode(self.values.astype(np.str_), "utf-8")

    def lengths(self, rows: slice) -> NDArray[np.int64]:
        missing = self.missing[rows]
        if self.kind == TEXT:
            return np.where(missing, -1, np.strings.str_len(self.values[rows]))
        return np.where(missing, -1, self._type(0).itemsize)

    def layout(self, length: int) -> list[Any]:
        return [self._type(length)] if length > 0 else []

    def wire(self, rows: NDArray[np.intp], length: int) -> NDArray[Any]:
        values = self.values[rows]
        if self.kind == MONEY:
            return _numeric(values.astype(np.int64))
        if self.kind == "date":
            values = values.astype(np.int64) - DAYS_TO_2000
        return values.astype(self._type(length))

    def _type(self, length: int) -> np.dtype[Any]:
        if self.kind == MONEY:
            return NUMERIC
        return np.dtype(f"S{length}" if self.kind == TEXT else WIRE[self.kind])


def encode(columns: Mapping[str, Column]) -> BytesIO:
    """A file of all rows; columns: the type in the database, and the values."""
    fields = [_Field(*column) for column in columns.values()]
    file = BytesIO()
    file.write(HEADER)
    for start in range(0, len(fields[0].values), ROWS_AT_A_TIME):
        for rows in _alike(fields, slice(start, start + ROWS_AT_A_TIME)):
            file.write(rows)
    file.write(TRAILER)
    file.seek(0)
    return file


def _alike(fields: list[_Field], some: slice) -> Iterator[bytes]:
    lengths = np.column_stack([field.lengths(some) for field in fields])
    # One number per row that tells layouts apart: a bit for a null, or eight for the length of a text.
    widths = [8 if field.kind == TEXT else 1 for field in fields]
    assert sum(widths) < 64 and lengths.max(initial=0) < 1 << 7
    sign = np.zeros(len(lengths), np.int64)
    for column, width in zip(lengths.T, widths, strict=True):
        sign = sign << width | (column + 1 if width > 1 else column < 0)
    _signs, first, group = np.unique(sign, return_index=True, return_inverse=True)
    for number, example in enumerate(first):
        rows = np.flatnonzero(group == number) + some.start
        yield _rows(fields, rows, lengths[example].tolist())


def _rows(fields: list[_Field], rows: NDArray[np.intp], lengths: list[int]) -> bytes:
    layout: list[Any] = [("fields", ">i2")]
    for number, (field, length) in enumerate(zip(fields, lengths, strict=True)):
        layout.append((f"length {number}", ">i4"))
        layout += [(f"value {number}", kind) for kind in field.layout(length)]
    encoded = np.empty(len(rows), layout)
    encoded["fields"] = len(fields)
    for number, (field, length) in enumerate(zip(fields, lengths, strict=True)):
        encoded[f"length {number}"] = length
        if length > 0:
            encoded[f"value {number}"] = field.wire(rows, length)
    return encoded.tobytes()


def _numeric(cents: NDArray[np.int64]) -> NDArray[Any]:
    """Hundredths as numbers with two decimals; up to 999,999,999,999.99."""
    whole, hundredths = np.divmod(np.abs(cents), 100)
    encoded = np.empty(len(cents), NUMERIC)
    encoded["head"] = (4, 2, 0)
    encoded["head"][:, 2] = np.where(cents < 0, NEGATIVE, 0)
    encoded["scale"] = 2
    encoded["digits"][:, 0] = whole // 10**8
    encoded["digits"][:, 1] = whole // 10**4 % 10**4
    encoded["digits"][:, 2] = whole % 10**4
    encoded["digits"][:, 3] = hundredths * 100
    return encoded
