"""Transactions of a special kind, and a database that is away."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

AWAY = (OperationalError, InterfaceError, psycopg2.OperationalError, psycopg2.InterfaceError)


def is_away(fault: BaseException) -> bool:
    """Whether the database, and not what was asked of it, is the trouble: it may be back soon.

    A server that dies in the middle of an answer gives a plain DatabaseError without a code. What a
    COPY meets comes as the driver raised it.
    """
    if isinstance(fault, AWAY):
        return True
    code = getattr(fault if isinstance(fault, psycopg2.Error) else fault.__cause__, "pgcode", None)
    return type(fault) in (DatabaseError, psycopg2.DatabaseError) and code is None


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads inside see the database as it was at the first: no half of somebody's import."""
    # unscoped: it only sets the level of isolation.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
