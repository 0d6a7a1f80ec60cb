"""Tags come from files and staff; one that the member deleted is gone for good."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client

from members.models import Member, MemberTag
from members.services import WishError, member_tag_add, member_tag_forget, member_tag_remove
from organization.models import AuditEvent, Import, ImportKind, Staff, Store
from tests.conftest import make_member
from tests.organization.importing import counts, faults, take_in

PHONE = "19900001111"


def take(tags: str, **cells: str) -> Import:
    row = {"mobile": PHONE, "license_code": "0001", "标签": tags, **cells}
    return take_in(ImportKind.MEMBERS, [row])


def texts(member: Member | None = None) -> list[str]:
    tags = MemberTag.unscoped.filter(member=member) if member else MemberTag.unscoped.all()
    return [str(tag.text) for tag in tags.in_use().order_by("pk")]


def forget(text: str) -> None:
    tag = next(tag for tag in MemberTag.unscoped.all() if tag.text == text)
    assert member_tag_forget(member=tag.member, tag=tag.pk)


def test_it_reads_tags_of_a_file(store: Store) -> None:
    take(" 茶友 ;老街坊；茶友;; Tea  fan")
    assert texts() == ["茶友", "老街坊", "Tea fan"]
    assert set(MemberTag.unscoped.values_list("origin", flat=True)) == {"import"}


def test_it_adds_to_what_is_there_and_takes_nothing_away(store: Store) -> None:
    take("茶友")
    take("", nickName="王")
    take("老街坊;ＴＥＡ", nickName="王小试")
    take("tea;t e a", nickName="王")
    assert texts() == ["茶友", "老街坊", "ＴＥＡ"]


@pytest.mark.parametrize("tags", ["长" * 41, ";".join(f"t{n}" for n in range(21))])
def test_it_sets_a_row_with_too_much_aside(store: Store, tags: str) -> None:
    record = take(tags)
    assert counts(record) == {"read": 1, "quarantined": 1}
    assert faults(record)[0][1] == "tags"


def test_it_never_brings_back_what_the_member_deleted(store: Store, manager: Staff) -> None:
    take("茶友;Tea fan")
    forget("Tea fan")
    take("茶友;tea FAN", nickName="王")
    take("TEA-FAN", nickName="王小试")
    member = Member.unscoped.get()
    with pytest.raises(WishError, match="cannot be written again"):
        member_tag_add(member=member, text="tea fan ", actor=manager)
    assert texts() == ["茶友"]


def test_it_keeps_no_text_of_a_deleted_tag_and_shows_staff_nothing(store: Store, admin: Staff) -> None:
    take("茶友")
    forget("茶友")
    tag = MemberTag.unscoped.get()
    assert tag.text is None and tag.removed_by_member_at
    assert not MemberTag.objects.visible_to(admin)


def test_it_seals_the_text(store: Store) -> None:
    take("茶友")
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM members_membertag")
        (sealed,) = cursor.fetchone()
    assert "茶友".encode() not in bytes(sealed)


def test_it_is_written_by_a_manager_or_an_admin(store: Store, manager: Staff, admin: Staff) -> None:
    member = make_member(store)
    member_tag_add(member=member, text=" 茶友 ", actor=manager)
    member_tag_add(member=member, text="茶友", actor=admin)
    assert texts(member) == ["茶友"]
    event = AuditEvent.unscoped.get(code="member.tag_added")
    assert event.actor == manager and "茶友" not in str(event.data)


@pytest.mark.parametrize("role", ["marketer", "approver"])
def test_it_is_written_by_nobody_else(store: Store, role: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(PermissionDenied):
        member_tag_add(member=make_member(store), text="茶友", actor=request.getfixturevalue(role))


def test_it_is_written_by_no_manager_of_another_store(other_store: Store, manager: Staff) -> None:
    with pytest.raises(PermissionDenied):
        member_tag_add(member=make_member(other_store), text="茶友", actor=manager)


@pytest.mark.parametrize("text", ["", "  ", "长" * 41, "\0"])
def test_it_refuses_what_is_no_tag(store: Store, manager: Staff, text: str) -> None:
    with pytest.raises(WishError):
        member_tag_add(member=make_member(store), text=text, actor=manager)


def test_it_deletes_once_and_only_the_own_tag(store: Store, manager: Staff) -> None:
    mine, other = make_member(store), make_member(store)
    tag = member_tag_add(member=mine, text="茶友", actor=manager)
    assert not member_tag_forget(member=other, tag=tag.pk)
    assert member_tag_forget(member=mine, tag=tag.pk)
    assert not member_tag_forget(member=mine, tag=tag.pk)
    event = AuditEvent.unscoped.get(code="member.self_tag_deleted")
    assert event.actor is None


def test_it_is_removed_by_staff_once_and_may_come_again(store: Store, manager: Staff) -> None:
    take("茶友;老街坊")
    member, other = Member.unscoped.get(), make_member(store)
    tag = next(tag.pk for tag in MemberTag.unscoped.all() if tag.text == "茶友")
    assert not member_tag_remove(member=other, tag=tag, actor=manager)
    assert member_tag_remove(member=member, tag=tag, actor=manager)
    assert not member_tag_remove(member=member, tag=tag, actor=manager)
    assert texts(member) == ["老街坊"]
    event = AuditEvent.unscoped.get(code="member.tag_removed")
    assert (event.actor, event.data) == (manager, {"tag": tag})
    member_tag_add(member=member, text="茶友", actor=manager)
    assert texts(member) == ["老街坊", "茶友"]


def test_it_leaves_what_the_member_deleted_to_the_member(store: Store, manager: Staff) -> None:
    take("茶友")
    forget("茶友")
    tag = MemberTag.unscoped.get()
    assert not member_tag_remove(member=tag.member, tag=tag.pk, actor=manager)
    assert MemberTag.unscoped.get().removed_by_member_at


def test_it_is_removed_by_no_manager_of_another_store(
    other_store: Store, manager: Staff, admin: Staff
) -> None:
    member = make_member(other_store)
    tag = member_tag_add(member=member, text="茶友", actor=admin)
    with pytest.raises(PermissionDenied):
        member_tag_remove(member=member, tag=tag.pk, actor=manager)
    assert texts(member) == ["茶友"]


def test_its_page_removes_the_tag_that_is_pressed(client: Client, store: Store, manager: Staff) -> None:
    member = make_member(store)
    member_tag_add(member=member, text="茶友", actor=manager)
    tag = member_tag_add(member=member, text="老街坊", actor=manager)
    client.force_login(manager)
    assert "Remove the tag 老街坊" in client.get(f"/members/{member.pk}/").content.decode()
    for nonsense in ("", "x", "9" * 30, "²"):
        client.post(f"/members/{member.pk}/tags/remove/", {"tag": nonsense})
    assert texts(member) == ["茶友", "老街坊"]
    client.post(f"/members/{member.pk}/tags/remove/", {"tag": tag.pk})
    assert texts(member) == ["茶友"]
