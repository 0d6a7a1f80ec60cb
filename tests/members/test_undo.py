"""An import of members is undone; what ends something stays, and who was erased does not come back."""

from datetime import date

import pytest
from django.db import connection

from members.models import (
    AgeVerification,
    Consent,
    Member,
    MemberBefore,
    MemberIdentity,
    MemberTag,
    SelfExclusion,
)
from members.services import consent_withdraw, member_erase, member_tag_forget, self_exclusion_start
from organization.imports.undo import journals_forget
from organization.models import Import, ImportKind, Staff, Store
from sales.models import Receipt
from tests.organization.importing import counts, take_in
from tests.organization.undoing import business_rows, refused, undo
from tests.sales.importing import line, make_products
from tests.sales.importing import take as take_sales

pytestmark = pytest.mark.django_db

PHONE, OTHER = "19900001111", "19900002222"
WHOLE = {
    "nickName": "王小试", "sex": "1", "birthday": "1990-02-28", "wechat_id": "wx_1234",
    "age_method": "ID card", "age_verified_at": "2025-03-04 10:00", "age_clerk": "S1-2",
    "consent_sms": "1", "tags": "regular;pipe",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _stores(store: Store, other_store: Store) -> None:
    """0001 and 0002."""


def row(**cells: object) -> dict[str, object]:
    blank = dict.fromkeys(
        ("card", "mobile", "wechat_id", "nickName", "sex", "birthday", "age_method", "age_verified_at",
         "age_clerk", "consent_sms", "self_excluded", "tags"), "",
    )  # fmt: skip
    return {**blank, "license_code": "0001", "enrolled_on": "2025-03-04", **cells}


def take(*rows: dict[str, object], name: str = "a.csv") -> Import:
    return take_in(ImportKind.MEMBERS, rows, name=name)


def test_it_takes_back_members_and_all_that_came_with_them() -> None:
    before = business_rows()
    record = take(row(card="C1", mobile=PHONE, **WHOLE), row(card="C2"))
    assert AgeVerification.unscoped.exists() and MemberTag.unscoped.count() == 2
    undo(record)
    assert business_rows() == before and not MemberBefore.unscoped.exists()


def test_it_puts_every_column_of_a_changed_member_back() -> None:
    take(row(card="C1", nickName="王", sex="2"))
    before = business_rows()
    record = take(row(card="C1", mobile=PHONE, **WHOLE))
    assert counts(record) == {"read": 1, "updated": 1} and business_rows() != before
    undo(record)
    assert business_rows() == before


def test_it_gives_the_same_when_the_file_comes_again_after_an_undo() -> None:
    take(row(card="C1", nickName="王", sex="2"))
    rows = [row(card="C1", mobile=PHONE, **WHOLE), row(card="C2", consent_sms="1")]
    first = take(*rows)
    stored = business_rows()
    undo(first)
    again = take(*rows)
    assert business_rows() == stored and counts(again) == counts(first)


def test_the_first_state_counts_where_a_file_changes_a_member_twice() -> None:
    take(row(card="C1", nickName="王"))
    before = business_rows()
    undo(take(row(card="C1", nickName="李"), row(card="C1", nickName="张")))
    assert business_rows() == before


def test_it_is_refused_where_a_later_file_changed_the_same_member() -> None:
    first = take(row(card="C1", nickName="王"), name="first.csv")
    second = take(row(card="C1", nickName="李"), name="second.csv")
    assert (
        refused(first) == "second.csv, which came later, changed 1 of the same rows. Undo that import first."
    )
    undo(second)
    undo(first)
    assert not Member.unscoped.exists()


def test_it_is_refused_where_a_later_file_brought_the_same_rows() -> None:
    first = take(row(card="C1", nickName="王"), name="first.csv")
    take(row(card="C1", nickName="王"), row(card="C2"), name="second.csv")
    assert "1 row of second.csv, which came later, changed nothing" in refused(first)


def test_it_is_refused_where_receipts_belong_to_a_member_it_made() -> None:
    make_products()
    record = take(row(card="C1"))
    take_sales([line(consumersid="C1")])
    assert (
        refused(record) == "Receipts of a.csv belong to 1 member this import added. Undo that import first."
    )


def test_a_member_it_only_changed_may_have_bought() -> None:
    make_products()
    take(row(card="C1"))
    before = business_rows()["members"]
    record = take(row(card="C1", nickName="王"))
    take_sales([line(consumersid="C1")])
    undo(record)
    assert business_rows()["members"] == before and Receipt.unscoped.get().member


def test_a_withdrawal_and_an_exclusion_of_the_file_itself_stay() -> None:
    take(row(card="C1", consent_sms="1"))
    record = take(row(card="C1", consent_sms="0", self_excluded="1", nickName="王"))
    undo(record)
    assert list(Consent.unscoped.order_by("at").values_list("granted", flat=True)) == [True, False]
    assert SelfExclusion.unscoped.exists() and Member.unscoped.get().name is None


def test_a_member_it_made_who_wants_to_be_left_alone_stays_with_numbers_only() -> None:
    record = take(row(card="C1", mobile=PHONE, self_excluded="1", **WHOLE), row(card="C2"))
    undo(record)
    member = Member.unscoped.get()
    assert (member.name, member.sex, member.birth_date, member.row_digest) == (None, 0, None, None)
    assert {row.value for row in member.identities.all()} == {"C1", PHONE, "wx_1234"}
    assert SelfExclusion.unscoped.get().member == member
    assert not Consent.unscoped.exists() and not AgeVerification.unscoped.exists()
    # No later file brings the person back.
    take(row(mobile=PHONE, consent_sms="1"))
    assert Member.unscoped.get() == member and SelfExclusion.unscoped.exists()


def test_a_number_it_gave_to_who_wants_to_be_left_alone_stays() -> None:
    take(row(card="C1"))
    record = take(row(card="C1", mobile=PHONE, nickName="王"))
    self_exclusion_start(member=Member.unscoped.get())
    undo(record)
    take(row(mobile=PHONE, consent_sms="1"))
    member = Member.unscoped.get()
    assert member.name is None and SelfExclusion.unscoped.get().member == member


def test_what_the_member_did_since_stays() -> None:
    record = take(row(card="C1", **WHOLE))
    member = Member.unscoped.get()
    consent_withdraw(member=member, channel="sms", purpose="marketing")
    tag = MemberTag.unscoped.first()
    assert tag and member_tag_forget(member=member, tag=tag.pk)
    undo(record)
    assert Member.unscoped.get() == member and member.identities.exists()
    assert list(Consent.unscoped.values_list("granted", flat=True)) == [False]
    assert MemberTag.unscoped.get().removed_by_member_at
    take(row(card="C1", **WHOLE))
    assert Consent.unscoped.latest("at", "pk").granted is False and MemberTag.unscoped.count() == 2


def test_who_left_on_the_own_page_stays_out() -> None:
    record = take(row(card="C1", **WHOLE))
    self_exclusion_start(member=Member.unscoped.get())
    undo(record)
    assert SelfExclusion.unscoped.exists() and MemberIdentity.unscoped.filter(value__isnull=False).exists()


def test_an_erased_member_does_not_come_back(admin: Staff) -> None:
    take(row(card="C1", nickName="王", birthday="1980-01-01"))
    rows = [row(card="C1", nickName="李", mobile=PHONE), row(card="C2", mobile=OTHER, nickName="张")]
    record = take(*rows)
    erased = Member.unscoped.get(
        identities__value__isnull=False, birth_date=date(1980, 1, 1), identities__kind="card"
    )
    member_erase(member=erased, reason="asked at the counter", actor=admin)
    assert not MemberBefore.unscoped.filter(member=erased.pk).exists()
    assert MemberBefore.unscoped.count() == 1
    undo(record)
    left = Member.unscoped.get()
    assert left.is_anonymous and left.name is None and not MemberIdentity.unscoped.exists()
    assert not MemberBefore.unscoped.exists()
    again = take(*rows)
    assert again.made == {"members": 1, "erased": 1}
    assert set(MemberIdentity.unscoped.values_list("kind", flat=True)) == {"card", "phone"}
    assert {row.value for row in MemberIdentity.unscoped.all()} == {"C2", OTHER}


def test_what_was_before_is_sealed_and_forgotten_in_time() -> None:
    take(row(card="C1", nickName="王小试"))
    record = take(row(card="C1", nickName="李"))
    kept = MemberBefore.unscoped.get(changed_by=record)
    assert kept.name == "王小试"
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM members_memberbefore WHERE id = %s", [kept.pk])
        assert "王小试".encode() not in bytes(cursor.fetchone()[0])
    assert journals_forget([record]) == 1
    assert not MemberBefore.unscoped.filter(changed_by=record).exists()
