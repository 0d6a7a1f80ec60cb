"""Everything sealed with an old key is sealed anew: in batches, each a transaction of its own.

A batch takes the rows that do not begin as current values do; so a run that was killed goes on where
it stopped, and another one finds nothing to do.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection, models, transaction
from psycopg2.extensions import Binary
from psycopg2.extras import execute_values

from organization.crypto import (
    EncryptedTextField,
    current_prefix,
    lookup,
    models_with_sealed_fields,
    rotations,
    seal,
    sealed_fields,
    unseal,
)
from organization.imports.runner import imports_hold

BATCH = 5_000
Say = Callable[[str], None]


def values_under_old_keys() -> dict[str, int]:
    """How many values of each table and of each registered thing still need an old key."""
    tables = {model._meta.label: _count(model) for model in models_with_sealed_fields()}
    return tables | {name: rotation(False) for name, rotation in rotations.items()}


def rotate(say: Say) -> None:
    for name, rotation in rotations.items():
        say(f"{name}: {rotation(True):,} sealed anew")
    for model in models_with_sealed_fields():
        _rotate_model(model, say)


def _count(model: type[models.Model]) -> int:
    with connection.cursor() as cursor:
        counts = " + ".join(f"count(*) FILTER (WHERE {_is_old(field)})" for field in sealed_fields(model))
        old = [current_prefix()] * len(sealed_fields(model))
        cursor.execute(f"SELECT {counts} FROM {model._meta.db_table}", old)
        return int(cursor.fetchone()[0])


def _is_old(field: EncryptedTextField) -> str:
    return f"substring({field.column} FROM 1 FOR 5) <> %s"


def _rotate_model(model: type[models.Model], say: Say) -> None:
    done, last = 0, None
    while rows := _rotate_batch(model, last):
        done, last = done + len(rows), rows[-1][0]
        say(f"{model._meta.label}: {done:,} rows sealed anew")


@transaction.atomic
def _rotate_batch(model: type[models.Model], last: Any) -> list[tuple[Any, ...]]:
    """The next rows after `last` that hold an old value; the index of a value moves with it."""
    fields, table = sealed_fields(model), model._meta.db_table
    key, kinds = model._meta.pk.column, [field.index[0] for field in fields if field.index]
    with connection.cursor() as cursor:
        if kinds:
            imports_hold()  # None looks members up while their places in the index change.
        columns = ", ".join([str(key), *(str(field.column) for field in fields), *kinds])
        after = f"{key} > %s AND" if last is not None else ""
        old = " OR ".join(map(_is_old, fields))
        cursor.execute(
            f"SELECT {columns} FROM {table} WHERE {after} ({old}) ORDER BY {key} LIMIT {BATCH} FOR UPDATE",
            [*([last] if last is not None else []), *[current_prefix()] * len(fields)],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        if rows:
            _write(cursor.cursor, model, [_sealed_anew(fields, row) for row in rows])
    return rows


def _sealed_anew(fields: list[EncryptedTextField], row: tuple[Any, ...]) -> list[Any]:
    """Key, then each value, then each place in an index."""
    kinds = iter(row[1 + len(fields) :])
    values, places = [], []
    for field, sealed in zip(fields, row[1:], strict=False):
        plain = None if sealed is None else unseal(sealed)
        values.append(None if plain is None else Binary(seal(plain)))
        if field.index:
            kind = next(kinds)
            places.append(None if plain is None else Binary(lookup(kind, plain.decode())))
    return [row[0], *values, *places]


def _write(cursor: Any, model: type[models.Model], rows: list[list[Any]]) -> None:
    fields, key = sealed_fields(model), model._meta.pk.column
    columns = [str(field.column) for field in fields] + [field.index[1] for field in fields if field.index]
    execute_values(
        cursor,
        f"UPDATE {model._meta.db_table} t SET {', '.join(f'{name} = v.{name}' for name in columns)} "
        f"FROM (VALUES %s) AS v (id, {', '.join(columns)}) WHERE t.{key} = v.id",
        rows,
        template=f"(%s, {', '.join(['%s::bytea'] * len(columns))})",
        page_size=BATCH,
    )
