"""Columns in and out of PostgreSQL by binary COPY: millions of rows without an object for each."""

import math
from collections.abc import Collection, Mapping
from io import BytesIO
from itertools import chain
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from segmentation.nightly.binary import encode

# What PostgreSQL sends for int2, int4, int8, float8 and boolean.
SMALL, INT, BIG, FLOAT, FLAG = ">i2", ">i4", ">i8", ">f8", "?"

# Four doubles, as of a line segment.
FOUR = "(4,)>f8"

HEADER_BYTES, TRAILER_BYTES = 19, 2

TYPES = """
    SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0"""


AT_NIGHT = {
    "work_mem": "'128MB'",  # for sorts and joins of all members
    # A few in a hundred rows are fetched sooner by an index than found in a walk through all; what a night
    # reads lies in memory or on a disk without a head to move.
    "random_page_cost": "1.1",
    # Nobody else wants the other processors.
    "parallel_tuple_cost": "0.001",
    "parallel_setup_cost": "0",
    # Beside the process that asks: a third one on two processors takes turns with it.
    "max_parallel_workers_per_gather": "1",
}


def plan_for_night(*, is_shared: bool = False) -> None:
    """Queries over all members, until this transaction ends; `is_shared` among processes that do the same."""
    with connection.cursor() as cursor:
        for name, value in AT_NIGHT.items():
            cursor.execute(f"SET LOCAL {name} = {value}")
        if is_shared:
            cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")


def copy_out(query: str, params: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Columns of a query named and typed by `types`; no value may be null."""
    sent = BytesIO()
    with connection.cursor() as cursor:
        statement = cursor.mogrify(query, params).decode()
        cursor.copy_expert(f"COPY ({statement}) TO STDOUT (FORMAT binary)", sent)
    # A row is a count of fields, then each field after its length; all have fixed lengths here.
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in types.items():
        fields += [(f"length of {name}", ">i4"), (name, kind)]
    row = np.dtype(fields)
    count = (sent.tell() - HEADER_BYTES - TRAILER_BYTES) // row.itemsize
    rows = np.frombuffer(sent.getbuffer(), row, count=count, offset=HEADER_BYTES)
    return {name: rows[name].astype(np.dtype(kind).base.newbyteorder("=")) for name, kind in types.items()}


def in_fours(expressions: Mapping[str, str]) -> dict[str, str]:
    """Columns of type FOUR that hold these numbers as doubles, NaN for null; whole ones up to 2 ** 53.

    Each column of a row costs as much again, however short; no plainer type holds several numbers.
    """
    values = [f"coalesce(({expression})::float8, 'NaN')" for expression in expressions.values()]
    values += ["0"] * (-len(values) % 4)
    fours = [values[start : start + 4] for start in range(0, len(values), 4)]
    return {f"four {at}": "lseg(point({}, {}), point({}, {}))".format(*of) for at, of in enumerate(fours)}


def out_of_fours(columns: Mapping[str, NDArray[Any]], names: Collection[str]) -> dict[str, NDArray[Any]]:
    """The doubles that columns made by `in_fours` hold, by these names."""
    fours = [np.ascontiguousarray(columns[f"four {at}"].T) for at in range(math.ceil(len(names) / 4))]
    return dict(zip(names, chain.from_iterable(fours), strict=False))


def copy_in(table: str, columns: Mapping[str, NDArray[Any]]) -> int:
    """Append columns; the number of rows.

    Masked values and NaN are stored as null. A column of days has days since 1970-01-01; one of money
    has hundredths.
    """
    with connection.cursor() as cursor:
        cursor.execute(TYPES, [table])
        types = dict(cursor.fetchall())
        typed = {name: (types[name], column) for name, column in columns.items()}
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)", encode(typed))
    return len(next(iter(columns.values())))


def array_of(ids: NDArray[np.integer[Any]]) -> str:
    """Ids as PostgreSQL writes an array; a list would come as so many expressions, each to be parsed."""
    return "{" + ",".join(map(str, ids.tolist())) + "}"


def among(ids: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which ids are chosen. A table of all numbers between takes a tenth of the time of sorting."""
    span = int(np.ptp(chosen)) if len(chosen) else 0
    return np.isin(ids, chosen, kind="table" if span < 1 << 28 else None)
