"""Events are kept as they were written, and each is sealed as it is committed."""

import threading
from collections.abc import Callable

import pytest
from django.db import DatabaseError, InternalError, ProgrammingError, connection, transaction

from organization.models import AuditEvent, AuditHead, AuditSeal, Region, Staff
from organization.services import Audited, audit, audit_many, staff_create
from organization.trail.verification import verify
from tests.conftest import AUDIT_TABLES
from tests.organization.auditing import seals, write

real = pytest.mark.django_db(transaction=True)


def test_it_records_what_changed(admin: Staff, east: Region) -> None:
    audit(actor=admin, code="staff.created", on=east, before={"name": "东"}, after={"name": "东区"})
    event = AuditEvent.unscoped.get(object_type="organization.region")
    assert (event.actor, event.object_id) == (admin, east.pk)
    assert (event.before, event.after, event.data) == ({"name": "东"}, {"name": "东区"}, {})


def test_it_records_what_is_done_to_nothing_in_particular(admin: Staff) -> None:
    audit(actor=admin, code="audit.exported", data={"q": "x"})
    event = AuditEvent.unscoped.get(code="audit.exported")
    assert (event.object_type, event.object_id, event.data) == ("", None, {"q": "x"})


@real
def test_it_records_many_at_once(django_assert_num_queries: Callable[..., object]) -> None:
    people = [Staff(pk=number) for number in range(1, 2_001)]
    events = [Audited(person, after={"role": "manager"}) for person in people]
    with transaction.atomic(), django_assert_num_queries(2):  # type: ignore[attr-defined]
        audit_many(actor=None, code="staff.created", events=events)
    assert [event for _seq, event in seals()] == list(
        AuditEvent.unscoped.order_by("pk").values_list("pk", flat=True)
    )
    assert verify().breaks == [] and AuditHead.unscoped.get().seq == 2_000


@real
def test_it_seals_nothing_before_the_commit_and_nothing_of_what_is_undone() -> None:
    with transaction.atomic():
        write(2)
        assert seals() == []
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            write(1)
            _ = 1 / 0
    events = list(AuditEvent.unscoped.order_by("pk").values_list("pk", flat=True))
    assert seals() == [(1, events[0]), (2, events[1])]


@real
@pytest.mark.parametrize("table", AUDIT_TABLES)
@pytest.mark.parametrize("act", ["UPDATE {} SET seq = 9", "DELETE FROM {}", "TRUNCATE {}"])
def test_it_refuses_to_change_remove_and_empty(table: str, act: str) -> None:
    write(1)
    statement = act.format(table).replace("seq = 9", "id = 9" if "event" in table else "seq = 9")
    refusal = pytest.raises(ProgrammingError, match="The audit trail is append-only")
    with refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER audit_no_truncate")
        cursor.execute(statement)
    assert AuditEvent.unscoped.count() == AuditSeal.unscoped.count() == 1


@real
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO organization_auditseal VALUES (9, 9, '')",
        "UPDATE organization_audithead SET seq = 9",
        "INSERT INTO organization_audithead VALUES (2, 9, '')",
    ],
)
def test_it_lets_nobody_write_seals_by_hand(statement: str) -> None:
    write(1)
    with pytest.raises(ProgrammingError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(statement)


def in_threads(count: int, work: Callable[[int], None]) -> list[BaseException]:
    """What went wrong in so many threads that begin at the same moment."""
    start, faults = threading.Barrier(count), []

    def run(number: int) -> None:
        try:
            start.wait()
            work(number)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


@real
def test_it_keeps_one_chain_when_many_commit_at_once() -> None:
    people = [staff_create(username=f"p{n}", password="x", role="admin") for n in range(4)]

    def work(number: int) -> None:
        for step in range(15):
            with transaction.atomic():
                # In two orders, and with a lock on a row that the others' events point to.
                Staff.objects.select_for_update(no_key=True).get(pk=people[(number + step) % 4].pk)
                for person in people if number % 2 else people[::-1]:
                    audit(actor=person, code="staff.created", on=person)

    assert in_threads(6, work) == []
    assert [seq for seq, _event in seals()] == list(range(1, 4 + 6 * 15 * 4 + 1))
    assert verify().breaks == []


@real
def test_it_waits_for_nobody_while_it_holds_the_head(admin: Staff) -> None:
    """One waits for a row that the other has locked; the other must still get its seal."""
    locked, refused = threading.Event(), []

    def slow(number: int) -> None:
        with transaction.atomic():
            if number:
                locked.wait()
                audit(actor=None, code="staff.created")
                # Is checked at commit, against the row that is locked; must not follow the sealing.
                audit(actor=admin, code="staff.created")
                return
            Staff.objects.select_for_update().get(pk=admin.pk)
            audit(actor=None, code="staff.created")
            locked.set()
            while not _somebody_waits():
                pass

    refused = in_threads(2, slow)
    assert refused == [] and verify().breaks == []


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid')"
        )
        return bool(cursor.fetchone()[0])


@real
def test_it_tells_who_read_too_early_to_try_again() -> None:
    """Under REPEATABLE READ the head may have moved on; the database then asks for a new try."""
    write(1)

    def later(_number: int) -> None:
        write(1)

    with pytest.raises((DatabaseError, InternalError), match="could not serialize"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        AuditEvent.unscoped.count()
        assert in_threads(1, later) == []
        audit(actor=None, code="staff.created")
    assert len(seals()) == 2 and verify().breaks == []
