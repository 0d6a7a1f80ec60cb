"""Transactions of a special kind, and a database that is away."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psycopg2
from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    Error,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    models,
    transaction,
)

from organization.threads import as_here

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
def snapshot(name: str = "") -> Iterator[None]:
    """All reads inside see the database as it was at the first: no half of somebody's import.

    name: see it as `shared_snapshot` does. DatabaseError if that has ended.
    """
    # unscoped: it only sets the level of isolation.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        if name:
            cursor.execute("SET TRANSACTION SNAPSHOT %s", [name])
        yield


@contextmanager
def shared_snapshot() -> Iterator[str]:
    """The name of a view of the database that any connection can read, as long as the body runs."""
    keeper = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        # unscoped: it reads nothing itself.
        with keeper.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            yield cursor.fetchone()[0]
    finally:
        # Now, and not when the server notices that nobody is there any more.
        # unscoped: it reads nothing.
        with suppress(Error), keeper.cursor() as cursor:
            cursor.execute("ROLLBACK")
        keeper.close()


def lock(model: type[models.Model], mode: str = "SHARE ROW EXCLUSIVE") -> None:
    """Until this transaction ends keep every other writer out of a table; readers go on.

    mode "ROW EXCLUSIVE": only whoever would keep others out.
    """
    # unscoped: it reads nothing.
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {model._meta.db_table} IN {mode} MODE")


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[None]:
    """Do other work on a connection of its own while the body runs; what it raises is raised at the end.

    Neither sees what the other has not committed.
    """

    def apart() -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1, "beside") as pool:
        doing = pool.submit(as_here(apart))
        yield
    doing.result()
