"""A member is erased: nothing personal is left, sums stay, and no file brings the person back."""

import threading
import uuid
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from campaigns.models import ArmTotal, Assignment, Message
from campaigns.results import result_compute
from campaigns.services import campaign_start
from members.models import Erasure, Member, MemberIdentity, Tombstone
from members.services import SWEEP, erasure_lift, member_erase, rows_set_aside_forget
from organization.imports.runner import imports_hold
from organization.jobs import LeaseLost, Progress, job_cancel, job_retry, job_run
from organization.models import AuditEvent, ImportKind, Job, QuarantinedRow, Staff, Store
from sales.models import Receipt, ReceiptLine, StoreDay
from sales.services import store_days_rebuild
from segmentation.models import MemberScore
from segmentation.nightly import shards
from tests.campaigns.cast import DAY, make_draft, make_night, make_reachable, make_receipt
from tests.organization.importing import counts, take_in
from tests.sales.importing import line, make_products, take
from tests.segmentation.builders import NIGHT, a_product, a_receipt, days_before
from tests.segmentation.builders import make_night as run_night

PHONE, CARD, WECHAT, NAME = "19987654321", "CARD987654", "wx_marked_987", "欧阳标记"
WHY = "Asked for in a letter"
HEADER = "card_no,mobile,wechat_id,nickName,license_code,sex\n"
ROW = f"{CARD},{PHONE},{WECHAT},{NAME},0001,1\n"


@pytest.fixture
def person(store: Store) -> Member:
    """Known from a file of members and one of sales."""
    make_products()
    take_in(ImportKind.MEMBERS, HEADER + ROW)
    take([line("R1", mobilephone=PHONE), line("R2", consumersid=CARD, dtl_amount="5.00")])
    member: Member = Member.unscoped.get()
    return member


def erase(member: Member, by: Staff | None = None) -> None:
    member_erase(member=member, reason=WHY, actor=by)


def look_through_rows_set_aside() -> Job:
    job: Job = Job.unscoped.get(kind=SWEEP)
    rows_set_aside_forget(job, Progress(job))
    return job


def everything_of(model: Any, *skipped: str) -> list[dict[str, Any]]:
    rows = model.unscoped.order_by("pk").values()
    return [{name: value for name, value in row.items() if name not in ("id", *skipped)} for row in rows]


def test_it_leaves_receipts_to_nobody_and_nothing_else(person: Member, admin: Staff) -> None:
    pk, before = person.pk, everything_of(Receipt, "member_id")
    erase(person, admin)
    assert everything_of(Receipt, "member_id") == before
    (stand_in,) = Member.unscoped.all()
    assert stand_in.pk != pk
    assert (stand_in.is_anonymous, stand_in.name, stand_in.birth_date, stand_in.row_digest) == (
        True, None, None, None,
    )  # fmt: skip
    assert set(Receipt.unscoped.values_list("member", flat=True)) == {stand_in.pk}
    assert set(ReceiptLine.unscoped.values_list("member", flat=True)) == {stand_in.pk}
    assert not MemberIdentity.unscoped.exists()
    event = AuditEvent.unscoped.get(code="member.erased")
    assert (event.actor, event.object_id, event.data["reason"]) == (admin, pk, WHY)
    assert event.data["rows"]["sales.receipt"] == 2


def test_it_keeps_the_sums_of_store_days(store: Store) -> None:
    member, product = make_reachable(store), a_product()
    for days in (0, 3, 40):
        a_receipt(store, days_before(days), member, lines=[(product, 2)])
    span = {"first": days_before(60), "last": NIGHT}
    store_days_rebuild(**span)
    before = everything_of(StoreDay)
    erase(member)
    store_days_rebuild(**span)
    assert everything_of(StoreDay) == before
    assert before


def test_it_keeps_the_results_of_campaigns(marketer: Staff, store: Store) -> None:
    make_night()
    members = [make_reachable(store) for _ in range(8)]
    campaign = make_draft(marketer)
    campaign_start(campaign=campaign, actor=marketer, as_of=DAY)
    for number, member in enumerate(members):
        make_receipt(member, DAY, f"{10 + number}.00")
    result_compute(campaign=campaign, as_of=DAY)
    before = everything_of(ArmTotal)
    for member in members[:3]:
        erase(member)
    result_compute(campaign=campaign, as_of=DAY)
    assert everything_of(ArmTotal) == before
    assert sum(row["n"] for row in before if row["store_id"] is None) == 8
    anonymous = Assignment.unscoped.filter(member__is_anonymous=True)
    assert anonymous.count() == 3
    assert not Message.unscoped.filter(member__is_anonymous=True).exclude(body="")


@pytest.mark.django_db(transaction=True)
def test_it_scores_nobody_who_was_erased(store: Store) -> None:
    gone, stays = make_reachable(store), make_reachable(store)
    for member in (gone, stays):
        a_receipt(store, NIGHT, member)
    erase(gone)
    assert run_night().status == "done"
    assert list(MemberScore.unscoped.values_list("member", flat=True)) == [stays.pk]


@pytest.mark.django_db(transaction=True)
def test_it_ends_a_night_that_had_read_the_member_before(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, stays = make_reachable(store), make_reachable(store)
    for member in (gone, stays):
        a_receipt(store, NIGHT, member)
    write = shards._write

    def erase_meanwhile(shard: Any, found: Any) -> None:
        assert len(found.new.member) == 2
        erase(gone)
        write(shard, found)

    monkeypatch.setattr(shards, "_write", erase_meanwhile)
    assert run_night().status == "done"
    assert list(MemberScore.unscoped.values_list("member", flat=True)) == [stays.pk]


@pytest.mark.parametrize("again", [HEADER + ROW, f"mobile,license_code\n+86 {PHONE},0001\n"])
def test_it_ignores_rows_that_name_the_person(person: Member, again: str) -> None:
    erase(person)
    record = take_in(ImportKind.MEMBERS, again)
    assert counts(record) == {"read": 1, "ignored": 1}
    assert record.made["erased"] == 1
    assert not MemberIdentity.unscoped.exists()


def test_it_keeps_nothing_of_a_bad_row_that_names_the_person(person: Member) -> None:
    erase(person)
    record = take_in(ImportKind.MEMBERS, HEADER + ROW.replace(",1\n", ",9\n") + f"{PHONE},{NAME}\n")
    assert counts(record) == {"read": 2, "quarantined": 2}
    assert {(row.value, row.raw) for row in QuarantinedRow.unscoped.all()} == {("", "[]")}


def test_it_keeps_nothing_of_a_line_that_could_not_be_read(person: Member) -> None:
    good = f'{{"mobile": "13900000002", "license_code": "0001", "nickName": "{"长" * 30}"}}'
    broken = good.replace("13900000002", PHONE).removesuffix("}")
    take_in(ImportKind.MEMBERS, f"{good}\n{broken}\n")
    assert PHONE in QuarantinedRow.unscoped.get().raw
    erase(person)
    look_through_rows_set_aside()
    assert not QuarantinedRow.unscoped.exists()
    take_in(ImportKind.MEMBERS, f"{good}\n{broken}\n")
    assert QuarantinedRow.unscoped.get().raw == "[]"


def test_it_takes_receipts_that_name_the_person_as_nobodys(person: Member) -> None:
    erase(person)
    sent = [line("R1", mobilephone=PHONE), line("R2", consumersid=CARD, dtl_amount="5.00")]
    assert counts(take(sent)) == {"read": 2, "unchanged": 2}
    more = take([line("R3", mobilephone=PHONE, consumersid="NEW1"), line("R4", consumersid="NEW2")])
    assert counts(more) == {"read": 2, "added": 2}
    assert more.made["members"] == 1
    assert Receipt.unscoped.get(number="R3").member is None
    assert [identity.value for identity in MemberIdentity.unscoped.all()] == ["NEW2"]


def test_it_removes_rows_set_aside_that_name_the_person(person: Member) -> None:
    take_in(ImportKind.MEMBERS, HEADER + ROW.replace(",1\n", ",9\n") + "C2,13900000002,,,0001,9\n")
    take([line("R9", mobilephone=PHONE, receipt_amount="1.00")])
    erase(person)
    job = look_through_rows_set_aside()
    assert [row.raw for row in QuarantinedRow.unscoped.all()] == [
        '["C2", "13900000002", "", "", "0001", "9"]'
    ]
    erasure = Erasure.unscoped.get()
    assert AuditEvent.unscoped.get(code="member.erased_rows").data == {"rows": 2}
    assert job.payload == {"erasure": erasure.pk}
    assert not any(value in f"{job.label} {job.log}" for value in (PHONE, CARD, WECHAT, NAME))


def test_it_reads_no_row_set_aside_while_somebody_waits(
    person: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Millions of them take minutes, and whoever asked would see a page that broke off."""
    take_in(ImportKind.MEMBERS, HEADER + ROW.replace(",1\n", ",9\n"))
    monkeypatch.setattr(QuarantinedRow.unscoped, "get_queryset", None)
    erase(person)


@pytest.mark.django_db(transaction=True)
def test_it_gives_up_no_row_where_the_look_is_cancelled(person: Member, admin: Staff) -> None:
    take_in(ImportKind.MEMBERS, HEADER + ROW.replace(",1\n", ",9\n"))
    erase(person)
    job = Job.unscoped.get(kind=SWEEP)
    job_cancel(job, by=admin)
    with pytest.raises(LeaseLost):
        rows_set_aside_forget(job, Progress(Job(pk=job.pk, lease=uuid.uuid4(), payload=job.payload)))
    assert QuarantinedRow.unscoped.count() == 1
    assert job_retry(job)
    job_run(job.pk)
    assert not QuarantinedRow.unscoped.exists()


def test_it_keeps_the_tombstone_through_a_rotation_of_keys(person: Member, settings: Settings) -> None:
    erase(person)
    settings.OLD_FIELD_KEYS, settings.FIELD_KEY = [settings.FIELD_KEY], "5a" * 32
    call_command("rotate_keys", verbosity=0)
    settings.OLD_FIELD_KEYS = []
    assert counts(take_in(ImportKind.MEMBERS, HEADER + ROW)) == {"read": 1, "ignored": 1}


def test_it_lets_an_admin_lift_the_tombstone(person: Member, admin: Staff) -> None:
    erase(person)
    erasure_lift(kind="phone", value=f"+86 {PHONE}", reason="Enrolled again on paper", actor=admin)
    assert not Tombstone.unscoped.exists()
    assert counts(take_in(ImportKind.MEMBERS, HEADER + ROW)) == {"read": 1, "added": 1}
    event = AuditEvent.unscoped.get(code="member.erasure_lifted")
    assert event.data == {"reason": "Enrolled again on paper"}
    assert set(Receipt.unscoped.values_list("member__is_anonymous", flat=True)) == {True}


@pytest.mark.parametrize("kind_and_value", [("phone", "13900000000"), ("card", CARD), ("phone", "no phone")])
def test_it_lifts_nothing_for_anybody_else(store: Store, admin: Staff, kind_and_value: Any) -> None:
    kind, value = kind_and_value
    with pytest.raises(ValidationError):
        erasure_lift(kind=kind, value=value, reason="Enrolled again on paper", actor=admin)
    assert not AuditEvent.unscoped.filter(code="member.erasure_lifted").exists()


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_no_import_but_says_so(person: Member) -> None:
    holds, ends = threading.Event(), threading.Event()

    def an_import() -> None:
        with transaction.atomic():
            imports_hold()
            holds.set()
            ends.wait(10)
        connection.close()

    other = threading.Thread(target=an_import)
    other.start()
    try:
        assert holds.wait(10)
        with pytest.raises(ValidationError, match="An import is running"):
            erase(person)
    finally:
        ends.set()
        other.join()
    assert Member.unscoped.filter(pk=person.pk).exists()
    erase(person)
    assert not Member.unscoped.filter(pk=person.pk).exists()


def test_it_is_an_act_of_the_page_that_asks_for_the_label(
    client: Client, person: Member, admin: Staff
) -> None:
    client.force_login(admin)
    url = reverse("member_erase", args=[person.pk])
    for wrong in ({"confirm_name": "M··· 0"}, {"reason": "short"}, {"reason": f"{NAME} asked me to"}):
        answer = client.post(url, {"reason": WHY, "confirm_name": person.label, **wrong})
        assert answer.status_code == 422
    assert not Erasure.unscoped.exists()
    answer = client.post(url, {"reason": WHY, "confirm_name": person.label}, follow=True)
    assert "The member is erased." in answer.content.decode()
    assert Erasure.unscoped.get().erased_by == admin
    assert client.get(reverse("member", args=[person.pk])).status_code == 404
    stand_in = Member.unscoped.get()
    assert client.get(reverse("member", args=[stand_in.pk])).status_code == 404


def test_it_lists_erasures_and_lifts_one(client: Client, person: Member, admin: Staff) -> None:
    erase(person, admin)
    client.force_login(admin)
    url = reverse("member_erasures")
    assert "in force" in client.get(url).content.decode()
    asked = {"kind": "card", "value": "somebody else", "reason": "Came back in May"}
    refused = client.post(url, asked)
    assert refused.status_code == 422
    assert "somebody else" not in refused.content.decode()
    lifted = client.post(url, {**asked, "value": CARD}, follow=True)
    assert "Lifted." in lifted.content.decode()
    assert "in force" not in lifted.content.decode()


def test_it_generalises_the_day_of_enrolment(store: Store) -> None:
    member = make_reachable(store, enrolled_on=date(2025, 7, 13))
    erase(member)
    assert Member.unscoped.get().enrolled_on == date(2025, 1, 1)
