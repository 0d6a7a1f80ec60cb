"""Rows into PostgreSQL by COPY, columns as Arrow arrays."""

import io
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from django.db import connection, models
from numpy.typing import NDArray
from psycopg2.extensions import Binary

from organization.crypto import encrypt

WITHOUT_HEADER = pa_csv.WriteOptions(include_header=False)


ROWS_AT_ONCE, MOST_WAITING = 50_000, 4


def copy_in(table: str, columns: dict[str, Any]) -> None:
    """Append rows to a table."""
    with Copier() as copier:
        copier.copy_in(table, columns)


class Copier:
    """Appends rows in a thread, so that the next are made while PostgreSQL takes these in.

    The thread uses the caller's connection and transaction, and does one thing after another: a query
    that is asked for here sees what was copied in before. The caller must `wait` before a statement
    of its own. Leaving the context waits, too.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "copy")
        self._waiting: deque[Future[Any]] = deque()

    def copy_in(self, table: str, columns: dict[str, Any]) -> None:
        """Append rows. Null is an empty unquoted cell, so empty text stays text."""
        command = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT csv)"
        for batch in pa.table(columns).to_batches(max_chunksize=ROWS_AT_ONCE):
            buffer = pa.BufferOutputStream()
            pa_csv.write_csv(batch, buffer, WITHOUT_HEADER)
            self.wait(but=MOST_WAITING - 1)
            rows = pa.BufferReader(buffer.getvalue())
            self._submit(_copy, command, rows)

    def ask(self, query: str, types: dict[str, pa.DataType]) -> Future[pa.Table]:
        """What `copy_out` returns, when its turn has come."""
        return self._submit(_answer, query, types)

    def _submit(self, work: Callable[..., Any], *rest: Any) -> Future[Any]:
        piece = self._pool.submit(work, connection.cursor(), *rest)
        self._waiting.append(piece)
        return piece

    def wait(self, *, but: int = 0) -> None:
        """Until no more pieces than `but` are on their way; raises what went wrong with one."""
        while len(self._waiting) > but:
            self._waiting.popleft().result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        for piece in self._waiting:
            if kind:
                piece.cancel()
        self._pool.shutdown()
        if not kind:
            self.wait()


def _copy(cursor: Any, command: str, rows: pa.BufferReader) -> None:
    with cursor:
        # At once: each further piece may have to wait for a thread that computes.
        cursor.copy_expert(command, rows, size=rows.size())


def sealed(texts: Iterable[str]) -> pa.Array:
    """A column of an EncryptedTextField."""
    return pa.array([f"\\x{encrypt(text).hex()}" for text in texts])


def copy_models(rows: Sequence[models.Model]) -> None:
    """Append model instances by COPY; ids that are not set come from the sequence."""
    if not rows:
        return
    fields = [f for f in rows[0]._meta.concrete_fields if rows[0].pk is not None or not f.primary_key]
    # A date-time added by the database layer (auto_now_add) is set in pre_save.
    lines = (
        ",".join(_cell(f.get_db_prep_save(f.pre_save(row, True), connection)) for f in fields) for row in rows
    )
    buffer = io.StringIO("\n".join(lines), newline="")
    with connection.cursor() as cursor:
        columns = ", ".join(connection.ops.quote_name(str(f.column)) for f in fields)
        cursor.copy_expert(f"COPY {rows[0]._meta.db_table} ({columns}) FROM STDIN (FORMAT csv)", buffer)


def _cell(value: Any) -> str:
    """One value as COPY reads it: nothing for null, in quotes bytes in hexadecimal and the rest as text."""
    if value is None:
        return ""
    if isinstance(value, Binary):
        value = bytes(value.adapted)
    text = f"\\x{value.hex()}" if isinstance(value, bytes | memoryview) else str(value)
    return '"' + text.replace('"', '""') + '"'


def copy_out(query: str, types: dict[str, pa.DataType]) -> pa.Table:
    """The rows of a query as Arrow columns of the given types."""
    return _answer(connection.cursor(), query, types)


def _answer(cursor: Any, query: str, types: dict[str, pa.DataType]) -> pa.Table:
    buffer = io.BytesIO()
    with cursor:
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT csv)", buffer)
    if not buffer.tell():
        return pa.schema(types.items()).empty_table()
    buffer.seek(0)
    return pa_csv.read_csv(
        buffer,
        pa_csv.ReadOptions(column_names=list(types)),
        convert_options=pa_csv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=False
        ),
    )


def decimals(values: NDArray[np.int64], *, scale: int, missing: int | None = None) -> pa.Array:
    """Integers of 10^-scale as exact decimals, without a detour over floats."""
    words = np.zeros((len(values), 2), dtype=np.int64)
    words[:, 0] = values
    words[:, 1] = values >> 63  # sign extension to 128 bits
    exact = pa.Array.from_buffers(pa.decimal128(18, scale), len(values), [None, pa.py_buffer(words)])
    return exact if missing is None else pa.compute.if_else(pa.array(values != missing), exact, None)


def reserve_ids(model: type[models.Model], count: int) -> NDArray[np.int64]:
    """Ids from the model's sequence, for rows that others refer to before they are written."""
    ids = copy_out(
        f"SELECT nextval(s) FROM ({_SEQUENCE}) q, generate_series(1, {count})".format(model._meta.db_table),
        {"id": pa.int64()},
    )
    return np.array(ids["id"], dtype=np.int64)


class IdRun:
    """Ids without gaps, for a table that nothing but imports adds to: these come one after another.

    `close` tells the sequence. An import that ends before has written nothing.
    """

    def __init__(self, model: type[models.Model]) -> None:
        self._sequence = _SEQUENCE.format(model._meta.db_table)
        (self._next,) = self._ask(f"SELECT nextval(s) FROM ({self._sequence}) q")

    def take(self, count: int) -> NDArray[np.int64]:
        self._next += count
        return np.arange(self._next - count, self._next)

    def close(self) -> None:
        self._ask(f"SELECT setval(s, {self._next}, false) FROM ({self._sequence}) q")

    def _ask(self, query: str) -> tuple[int]:
        with connection.cursor() as cursor:
            cursor.execute(query)
            found: tuple[int] = cursor.fetchone()
            return found


_SEQUENCE = "SELECT pg_get_serial_sequence('{}', 'id') AS s"
