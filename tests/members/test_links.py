"""Who gets a link, what it opens, and when it is over."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied
from django.core.signing import Signer
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from members import links
from members.links import key_of, link_token
from members.models import Member, MemberLink
from members.selectors import member_of_link
from members.services import member_link_create, member_links_revoke
from organization.models import AuditEvent, Staff, Store
from tests.conftest import make_member


@pytest.fixture
def member(store: Store) -> Member:
    return make_member(store)


def opened_by(token: str, *, days: float = 0) -> Member | None:
    return member_of_link(token, at=timezone.now() + timedelta(days=days))


def test_it_opens_for_14_days(member: Member, manager: Staff) -> None:
    token = link_token(member_link_create(member=member, actor=manager))
    assert opened_by(token, days=13.9) == member
    assert opened_by(token, days=14.1) is None


def test_it_is_over_once_revoked_or_replaced(member: Member, manager: Staff) -> None:
    first = link_token(member_link_create(member=member, actor=manager))
    second = link_token(member_link_create(member=member, actor=manager))
    assert (opened_by(first), opened_by(second)) == (None, member)
    assert member_links_revoke(member=member, actor=manager) == 1
    assert opened_by(second) is None
    assert member_links_revoke(member=member, actor=manager) == 0


def test_it_dies_with_the_member(member: Member, manager: Staff) -> None:
    token = link_token(member_link_create(member=member, actor=manager))
    member.delete()
    assert opened_by(token) is None and not MemberLink.unscoped.exists()


def test_it_audits_who_made_and_ended_it(member: Member, manager: Staff) -> None:
    link = member_link_create(member=member, actor=manager)
    member_links_revoke(member=member, actor=manager)
    events = list(AuditEvent.unscoped.filter(object_id=member.pk, object_type="members.member"))
    codes = ["member.link_created", "member.links_revoked"]
    assert [(event.code, event.actor) for event in events] == [(code, manager) for code in codes]
    assert link.key not in str([event.data for event in events])


@pytest.mark.parametrize("role", ["marketer", "approver"])
def test_it_is_made_by_nobody_who_is_not_at_the_counter(
    member: Member, role: str, request: pytest.FixtureRequest
) -> None:
    for service in (member_link_create, member_links_revoke):
        with pytest.raises(PermissionDenied):
            service(member=member, actor=request.getfixturevalue(role))
    assert not MemberLink.unscoped.exists()


def test_it_is_made_by_no_manager_of_another_store(manager: Staff, other_store: Store) -> None:
    with pytest.raises(PermissionDenied):
        member_link_create(member=make_member(other_store), actor=manager)


def test_it_is_made_for_nobody_who_was_erased(store: Store, admin: Staff) -> None:
    with pytest.raises(PermissionDenied):
        member_link_create(member=make_member(store, is_anonymous=True), actor=admin)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: "A" + token,
        lambda token: token.replace(".", ""),
        lambda token: token.partition(".")[0],
        lambda token: "." + token.partition(".")[2],
        lambda token: token.partition(".")[0] + ".",
        lambda token: token.swapcase(),
        lambda token: f"{links.NO_KEY}.{token.partition('.')[2]}",
        lambda token: "\0",
        lambda token: "密" * 40,
        lambda token: Signer(salt="another", sep=".").sign(token.partition(".")[0]),
    ],
)
def test_it_does_not_open_for_a_forged_text(member: Member, admin: Staff, spoil: object) -> None:
    token = link_token(member_link_create(member=member, actor=admin))
    assert opened_by(spoil(token)) is None  # type: ignore[operator]


def test_it_says_nothing_of_the_next_member(store: Store, admin: Staff) -> None:
    made = [member_link_create(member=make_member(store), actor=admin) for _ in range(3)]
    assert len({link.key for link in made}) == 3
    assert all(len(link.key) == 22 for link in made)
    for link in made:
        assert str(link.member_id) not in (link.key, *link_token(link).split("."))
        assert key_of(links.SIGNER.sign(str(link.pk))) == str(link.pk)
        assert opened_by(links.SIGNER.sign(str(link.pk))) is None


def test_it_makes_no_link_of_the_text_of_another(store: Store, admin: Staff) -> None:
    one, two = (
        link_token(member_link_create(member=make_member(store), actor=admin)).split(".") for _ in range(2)
    )
    assert opened_by(f"{one[0]}.{two[1]}") is None


def test_it_does_the_same_work_for_every_text(
    member: Member, admin: Staff, django_assert_num_queries: object
) -> None:
    good = link_token(member_link_create(member=member, actor=admin))
    forged, nonsense = good[:-2] + "AA", "x"
    for token, days in ((good, 0), (good, 15), (forged, 0), (nonsense, 0), ("", 0)):
        with (
            patch.object(links.SIGNER, "signature", wraps=links.SIGNER.signature) as signed,
            patch("members.links.constant_time_compare", wraps=constant_time_compare) as compared,
            django_assert_num_queries(1),  # type: ignore[operator]
        ):
            opened_by(token, days=days)
        assert (signed.call_count, compared.call_count) == (1, 1)
