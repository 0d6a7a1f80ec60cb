"""Transactions of a special kind, and a database that is away."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction


def is_away(fault: BaseException) -> bool:
    """Whether the database, and not what was asked of it, is the trouble: it may be back soon.

    A server that dies in the middle of an answer gives a plain DatabaseError without a code.
    """
    if isinstance(fault, OperationalError | InterfaceError):
        return True
    return type(fault) is DatabaseError and getattr(fault.__cause__, "pgcode", None) is None


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads inside see the database as it was at the first: no half of somebody's import."""
    # unscoped: it only sets the level of isolation.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
