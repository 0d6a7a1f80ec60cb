"""Write to the audit trail, and tamper with it as somebody with a superuser's rights can."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from organization.models import AuditEvent, AuditSeal
from organization.services import audit


def write(count: int, **fields: Any) -> list[int]:
    """Ids of so many events, each committed by itself; the test needs real transactions."""
    for number in range(count):
        audit(**{"actor": None, "code": "staff.created", "data": {"number": number}, **fields})
    return list(AuditEvent.unscoped.order_by("pk").values_list("pk", flat=True))


@contextmanager
def without_triggers() -> Iterator[Any]:
    """The database's rules are off for this session, as a superuser can have it."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield cursor
        finally:
            cursor.execute("SET session_replication_role = origin")


def tamper(*statements: str) -> None:
    with without_triggers() as cursor:
        for statement in statements:
            cursor.execute(statement)


def seals() -> list[tuple[int, int]]:
    """Number and event of every seal."""
    return list(AuditSeal.unscoped.order_by("seq").values_list("seq", "event_id"))
