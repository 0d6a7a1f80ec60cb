"""Whoever gets past the database's rules is found."""

from importlib import import_module
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from organization.models import AuditCheck, AuditHead
from organization.services import audit, audit_check
from organization.tasks import verify_audit
from organization.trail.verification import Head, head_from, verify
from tests.organization.auditing import seals, tamper, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def events() -> list[int]:
    return write(6)


def found() -> list[str]:
    return [str(broken) for broken in verify().breaks]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def test_it_finds_nothing_wrong_with_an_empty_trail() -> None:
    assert verify().breaks == [] and verify().head == Head(0, "0" * 64)


def test_it_reads_the_same_in_every_time_zone_and_order_of_keys(events: list[int]) -> None:
    audit(actor=None, code="staff.created", data={"b": {"d": 1.50, "c": None}, "a": "东区 \\ \" 'x'"})
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'America/New_York'; SET DateStyle = 'German'; SET lc_time = 'C'")
        audit(actor=None, code="staff.created", data={"a": 1, "bb": 2, "ab": 3})
        assert verify().breaks == []
        cursor.execute("SET TIME ZONE 'UTC'; RESET DateStyle")
    assert verify().breaks == []


def test_it_finds_a_removed_event(events: list[int]) -> None:
    tamper(f"DELETE FROM organization_auditevent WHERE id = {events[2]}")
    assert found() == [f"Event {events[2]}, sealed as number 3, was removed."]


@pytest.mark.parametrize(
    "change",
    [
        "data = '{\"number\": 7}'",
        "at = at + interval '1 microsecond'",
        "code = 'staff.creates'",
        "object_id = 5",
        "object_type = 'x'",
        "before = '{\"a\": 1}'",
    ],
)
def test_it_finds_an_altered_event(events: list[int], change: str) -> None:
    tamper(f"UPDATE organization_auditevent SET {change} WHERE id = {events[2]}")
    assert found() == [f"Event {events[2]}, or its seal number 3, was altered."]


def test_it_finds_an_altered_actor(events: list[int], admin: object) -> None:
    tamper(f"UPDATE organization_auditevent SET actor_id = {admin.pk} WHERE id = {events[5]}")  # type: ignore[attr-defined]
    assert found() == [f"Event {events[5]}, or its seal number 6, was altered."]


def test_it_finds_an_event_put_in(events: list[int]) -> None:
    tamper(
        "INSERT INTO organization_auditevent (id, at, code, object_type, before, after, data)"
        " VALUES (900000, now(), 'staff.created', '', '{}', '{}', '{}')"
    )
    assert found() == ["Event 900000 has no seal: it was put in past the database's own rules."]


def test_it_finds_a_missing_seal(events: list[int]) -> None:
    tamper("DELETE FROM organization_auditseal WHERE seq IN (3, 4)")
    assert found() == [
        "The seals from number 3 to 4 are missing.",
        f"Event {events[2]} has no seal: it was put in past the database's own rules.",
        f"Event {events[3]} has no seal: it was put in past the database's own rules.",
    ]


def test_it_finds_two_events_that_changed_places(events: list[int]) -> None:
    third, fourth = events[2:4]
    tamper(
        "UPDATE organization_auditseal SET event_id = -1 WHERE seq = 3",
        f"UPDATE organization_auditseal SET event_id = {third} WHERE seq = 4",
        f"UPDATE organization_auditseal SET event_id = {fourth} WHERE seq = 3",
    )
    assert found() == [
        f"Event {fourth} does not belong at place 3: the order was changed.",
        f"Event {third} does not belong at place 4: the order was changed.",
    ]


def test_it_finds_two_seals_that_changed_places(events: list[int]) -> None:
    tamper(
        "UPDATE organization_auditseal SET seq = -1 WHERE seq = 3",
        "UPDATE organization_auditseal SET seq = 3 WHERE seq = 4",
        "UPDATE organization_auditseal SET seq = 4 WHERE seq = -1",
    )
    assert f"Event {events[3]} does not belong at place 3: the order was changed." in found()


def test_it_finds_an_end_cut_off(events: list[int]) -> None:
    tamper(
        f"DELETE FROM organization_auditevent WHERE id IN ({events[4]}, {events[5]})",
        "DELETE FROM organization_auditseal WHERE seq > 4",
    )
    assert found() == ["The end was cut off: the seals from number 5 to 6 are missing."]


def cut_the_end_with_its_head(events: list[int]) -> None:
    tamper(
        f"DELETE FROM organization_auditevent WHERE id = {events[5]}",
        "DELETE FROM organization_auditseal WHERE seq = 6",
        "UPDATE organization_audithead SET seq = 5, hash = (SELECT hash FROM organization_auditseal"
        " WHERE seq = 5)",
    )


def test_it_finds_a_careful_cut_by_a_head_noted_elsewhere(events: list[int]) -> None:
    head = str(verify().head)
    assert run("--expect", head).endswith("The audit trail is whole: 6 events.\n")
    cut_the_end_with_its_head(events)
    run()
    write(3)
    with pytest.raises(CommandError, match="broken in 1 place"):
        run("--expect", head)


def test_it_finds_a_careful_cut_by_the_head_the_last_check_noted(
    events: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    verify_audit()
    assert AuditCheck.unscoped.get().break_count == 0
    cut_the_end_with_its_head(events)
    check = audit_check()
    assert (check.break_count, check.breaks[0]["kind"], check.breaks[0]["seq"]) == (1, "unknown", 6)
    assert "broken in 1 place" in caplog.text


def test_the_command_knows_the_heads_that_checks_noted(events: list[int]) -> None:
    verify_audit()
    assert run().endswith("The audit trail is whole: 6 events.\n")
    cut_the_end_with_its_head(events)
    with pytest.raises(CommandError, match="broken in 1 place"):
        run()


def test_it_does_not_get_used_to_a_new_chain(events: list[int]) -> None:
    """The check that finds the forgery notes its head too; the next one must not be content with that."""
    verify_audit()
    cut_the_end_with_its_head(events)
    write(1)  # Another event has the number of the one that was cut off.
    assert [audit_check().break_count for _night in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("place", range(6))
def test_it_finds_a_break_at_every_place(events: list[int], place: int) -> None:
    tamper(f"UPDATE organization_auditevent SET data = '{{\"x\": 1}}' WHERE id = {events[place]}")
    assert found() == [f"Event {events[place]}, or its seal number {place + 1}, was altered."]
    tamper(f"DELETE FROM organization_auditevent WHERE id = {events[place]}")
    assert found() == [f"Event {events[place]}, sealed as number {place + 1}, was removed."]


def test_it_finds_that_everything_was_removed(events: list[int]) -> None:
    tamper("DELETE FROM organization_auditevent")
    assert len(found()) == 6
    tamper("DELETE FROM organization_auditseal")
    assert found() == ["The end was cut off: the seals from number 1 to 6 are missing."]
    verify_audit()
    tamper("DELETE FROM organization_audithead")
    assert run("--expect", f"0:{'0' * 64}").endswith("whole: 0 events.\n")
    with pytest.raises(CommandError):
        run("--expect", f"6:{'a' * 64}")


def test_it_finds_a_new_chain_in_the_place_of_the_old(events: list[int]) -> None:
    head = verify().head
    tamper(
        f"UPDATE organization_auditevent SET data = '{{}}' WHERE id = {events[0]}",
        "DELETE FROM organization_auditseal",
        "DELETE FROM organization_audithead",
        "SELECT organization_audit_seal(ARRAY(SELECT id FROM organization_auditevent))",
    )
    assert verify().breaks == []
    assert [broken.kind for broken in verify(noted=[(head.seq, head.hash)]).breaks] == ["unknown"]


def test_it_finds_a_head_that_was_set_back(events: list[int]) -> None:
    tamper("UPDATE organization_audithead SET seq = 5")
    assert found() == ["The head of the chain, number 5, is not the last seal."]


def test_it_seals_what_was_there_before_the_chain(events: list[int]) -> None:
    sealing = import_module("organization.migrations.0005_audit_seals").EXISTING
    tamper("DELETE FROM organization_auditseal", "DELETE FROM organization_audithead", sealing)
    assert found() == [] and seals() == [(number + 1, event) for number, event in enumerate(events)]


def test_it_exits_with_a_fault_and_says_where(events: list[int]) -> None:
    tamper(f"DELETE FROM organization_auditevent WHERE id = {events[0]}")
    out = StringIO()
    with pytest.raises(CommandError, match="broken"):
        call_command("verify_audit", stdout=out)
    assert "sealed as number 1, was removed" in out.getvalue()
    assert f"Head 6:{bytes(AuditHead.unscoped.get().hash).hex()}" in out.getvalue()


@pytest.mark.parametrize("text", ["", "6", "x:00", "6:00", "6:" + "z" * 64])
def test_it_refuses_what_is_no_head(text: str) -> None:
    with pytest.raises(ValueError):
        head_from(text)
    if text:
        with pytest.raises(CommandError, match="SEQ:HASH"):
            run("--expect", text)
