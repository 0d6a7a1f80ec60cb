"""What staff do at the counter for a member: hand out the link, write tags, see what the member decided."""

import re
from base64 import b64decode

import pytest
from django.test import Client
from django.urls import reverse

from members.models import Member, MemberLink, MemberTag
from members.services import member_tag_add, member_tag_forget, profiling_end, self_exclusion_start
from organization.models import Staff, Store
from tests.conftest import make_member


@pytest.fixture
def member(store: Store) -> Member:
    return make_member(store)


def page_of(client: Client, member: Member, staff: Staff) -> str:
    client.force_login(staff)
    return str(client.get(reverse("member", args=[member.pk])).content.decode())


def make_link(client: Client, member: Member) -> str:
    page = client.post(reverse("member_link", args=[member.pk])).content.decode()
    found = re.search(r'value="(http://testserver/me/\S+)"', page)
    assert found
    return found[1]


def test_it_hands_out_a_link_that_opens_the_page(client: Client, member: Member, manager: Staff) -> None:
    assert "Make a link" in page_of(client, member, manager)
    address = make_link(client, member)
    assert Client().get(address).status_code == 200
    assert "A link is open now." in page_of(client, member, manager)
    assert address not in page_of(client, member, manager)


def test_it_draws_the_link_without_a_file_or_a_script(client: Client, member: Member, manager: Staff) -> None:
    client.force_login(manager)
    response = client.post(reverse("member_link", args=[member.pk]))
    picture = re.search(r'src="data:image/svg\+xml;base64,(\S+)"', response.content.decode())
    assert picture and b"<path" in b64decode(picture[1])
    assert "no-store" in response["Cache-Control"]


def test_it_makes_no_second_link_by_a_visit(client: Client, member: Member, manager: Staff) -> None:
    client.force_login(manager)
    assert client.get(reverse("member_link", args=[member.pk])).status_code == 302
    assert not MemberLink.unscoped.exists()


def test_it_ends_a_link(client: Client, member: Member, manager: Staff) -> None:
    client.force_login(manager)
    address = make_link(client, member)
    client.post(reverse("member_links_revoke", args=[member.pk]))
    assert Client().get(address).status_code == 404


def test_it_writes_a_tag_and_says_why_not(client: Client, member: Member, manager: Staff) -> None:
    client.force_login(manager)
    url = reverse("member_tag_add", args=[member.pk])
    assert "茶友" in client.post(url, {"text": "茶友"}, follow=True).content.decode()
    member_tag_forget(member=member, tag=MemberTag.unscoped.get().pk)
    refused = client.post(url, {"text": "茶友"}, follow=True).content.decode()
    assert "cannot be written again" in refused and "茶友" not in refused
    for text in ("", "长" * 41):
        assert 'class="error"' in client.post(url, {"text": text}, follow=True).content.decode()
    assert MemberTag.unscoped.count() == 1


def test_it_shows_marketers_tags_and_no_buttons(
    client: Client, member: Member, marketer: Staff, manager: Staff
) -> None:
    member_tag_add(member=member, text="茶友", actor=manager)
    page = page_of(client, member, marketer)
    assert "茶友" in page and "Make a link" not in page and "Add the tag" not in page


def test_it_tells_staff_what_the_member_decided(client: Client, member: Member, manager: Staff) -> None:
    profiling_end(member=member)
    self_exclusion_start(member=member)
    page = page_of(client, member, manager)
    assert "This member has left all groups" in page and "Do not prompt." in page
