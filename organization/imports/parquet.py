"""Parquet: typed columns to the texts a till would have written."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports.containers import MOST_UNPACKED, Content
from organization.imports.tables import Layout
from organization.jobs import JobError

ROWS, MOST_ROWS = 20_000, 100_000_000
MOST_SAMPLED = 5_000  # of a column
MOST_LETTERS = 128 << 20  # of one batch


def titles(content: Content) -> tuple[list[str], int]:
    """Column names, and roughly how many bytes the rows are as text."""
    with _opened(content) as file:
        if file.metadata.num_rows == 0:
            raise JobError(_("The file has column names but no rows."))
        size = sum(file.metadata.row_group(n).total_byte_size for n in range(file.metadata.num_row_groups))
        if file.metadata.num_rows > MOST_ROWS or size > MOST_UNPACKED:
            raise JobError(_("The file holds far more rows than a file of its size may."))
        names = [name.strip() for name in file.schema_arrow.names]
        if any("\0" in name for name in names):
            raise _zeros()
        return names, max(size, 8 * len(names) * file.metadata.num_rows)


def batches(content: Content, layout: Layout) -> Iterator[tuple[NDArray[np.int64], list[pa.Array]]]:
    """Row numbers from 1, and columns."""
    first = 1
    used = set(layout.positions.values()) or set(range(len(layout.header)))  # A shape may use any.
    with _opened(content) as file:
        for batch in file.iter_batches(ROWS, use_threads=False):
            _check_size(batch)
            columns = [
                _texts(column, layout.header[at], is_used=at in used)
                for at, column in enumerate(batch.columns)
            ]
            yield np.arange(first, first + batch.num_rows), columns
            first += batch.num_rows


def sample_columns(content: Content, layout: Layout, positions: list[int]) -> dict[int, list[str]]:
    """Distinct texts of the columns at these places that hold text; typed columns need no guess."""
    found: dict[int, dict[str, None]] = {at: {} for at in positions}
    with _opened(content) as file:
        textual = [at for at in positions if _is_text(file.schema_arrow.field(at).type)]
        for number in range(file.metadata.num_row_groups if textual else 0):
            titles = [file.schema_arrow.names[at] for at in textual]
            for batch in file.iter_batches(ROWS, row_groups=[number], columns=titles, use_threads=False):
                _sample(batch, [found[at] for at in textual])
    return {at: list(seen) for at, seen in found.items()}


def _sample(batch: pa.RecordBatch, found: list[dict[str, None]]) -> None:
    _check_size(batch)
    for seen, column in zip(found, batch.columns, strict=True):
        if len(seen) < MOST_SAMPLED:
            cells = pc.utf8_trim_whitespace(column.unique().cast(pa.string())).to_pylist()
            seen.update(dict.fromkeys(cell for cell in cells[:MOST_SAMPLED] if cell))


def _check_size(batch: pa.RecordBatch) -> None:
    """A text that is there once and named by every row takes next to nothing in a file."""
    letters = 0
    for column in batch.columns:
        if pa.types.is_dictionary(column.type) and _is_text(column.type):
            lengths = pc.binary_length(column.dictionary).take(column.indices)
            letters += pc.sum(lengths.cast(pa.int64())).as_py() or 0
    if letters > MOST_LETTERS:
        raise JobError(_("The file holds far more rows than a file of its size may."))


def _zeros() -> JobError:
    return JobError(_("This file is not text: it holds zero bytes."))


def _read(stream: BinaryIO) -> pq.ParquetFile:
    """Texts come as a dictionary and places in it, so that each is there once until its size is known."""
    source = pa.PythonFile(stream, "r")
    schema = pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 20).schema_arrow
    texts = [field.name for field in schema if _is_text(field.type)]
    return pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 20, read_dictionary=texts)


@contextmanager
def _opened(content: Content) -> Iterator[pq.ParquetFile]:
    with content.whole() as stream:
        try:
            yield _read(stream)
        except (pa.ArrowException, OSError, ValueError, OverflowError, RecursionError):
            raise JobError(_("The Parquet file is damaged or was cut off. Export it again.")) from None


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _texts(column: pa.Array, title: str, *, is_used: bool) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        column = _numbers(column)
    elif pa.types.is_timestamp(kind):
        if kind.tz and is_used:
            raise JobError(
                _("Column %(title)s holds moments of a time zone. Write them in the local time of the store.")
                % {"title": title}
            )
        column = pc.strftime(column.cast(pa.timestamp("s"), safe=False), format="%Y-%m-%d %H:%M:%S")
    elif pa.types.is_nested(kind):
        column = pa.array([json.dumps(value, default=str) for value in column.to_pylist()], pa.string())
    texts = pc.fill_null(column.cast(pa.string()), "")
    if pc.any(pc.match_substring(texts, "\0")).as_py():
        raise _zeros()
    return texts


def _numbers(column: pa.Array) -> pa.Array:
    """Each distinct number once, without an exponent."""
    encoded = column.dictionary_encode()
    texts = pa.array([_number(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return pa.DictionaryArray.from_arrays(encoded.indices, texts).dictionary_decode()


def _number(value: Any) -> str:
    if isinstance(value, float):
        text = f"{value:.15g}"
        return str(int(value)) if value == value and abs(value) < 1e15 and value.is_integer() else text
    return format(value, "f")
