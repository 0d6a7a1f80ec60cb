"""A member's own page: whoever holds the link sees and decides, and nobody else learns anything."""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.delivery import sandbox
from campaigns.models import Message
from campaigns.policy.audience import audience
from campaigns.services import campaign_start
from dashboards.own import misses
from members import links
from members.links import SIGNER, link_token
from members.models import (
    Consent,
    Member,
    MemberIdentity,
    MemberLink,
    MemberTag,
    ProfilingObjection,
    SelfExclusion,
)
from members.selectors import latest_consents
from members.services import (
    member_link_create,
    member_tag_add,
    self_exclusion_end,
    self_exclusion_start,
)
from organization import company
from organization.crypto import lookup
from organization.models import AuditEvent, ImportKind, Role, Staff, Store
from organization.redaction import SecretPaths, redacted
from segmentation.models import ClusterModelRow, MemberScore
from tests.campaigns.cast import DAY, NOON, make_draft, make_night, make_reachable, make_receipt
from tests.conftest import make_member
from tests.organization.importing import take_in

NAME, PHONE, CARD = "王小试", "19900001111", "C20260001"
Open = Callable[[Member], str]


@pytest.fixture(autouse=True)
def _own_day(settings: Any) -> Iterator[None]:
    settings.SENDER_NAME = "江城便利"
    cache.clear()
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def member(store: Store) -> Member:
    made = make_reachable(store, name=NAME, birth_date=date(1987, 6, 5))
    for kind, value in (("phone", PHONE), ("card", CARD)):
        MemberIdentity.unscoped.create(member=made, kind=kind, lookup=lookup(kind, value), value=value)
    MemberScore.unscoped.update(r=5, f=2, m=4, cluster=0)
    return made


@pytest.fixture
def link(member: Member, manager: Staff) -> MemberLink:
    return member_link_create(member=member, actor=manager)


@pytest.fixture
def url(link: MemberLink) -> str:
    return f"/me/{link_token(link)}/"


def text_of(client: Client, url: str, **headers: str) -> str:
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def state() -> list[Any]:
    """Everything a visit could change."""
    tables = (Consent, MemberTag, MemberLink, SelfExclusion, ProfilingObjection, MemberScore, AuditEvent)
    return [list(table.unscoped.order_by("pk").values()) for table in tables]


# What it shows.


def test_it_shows_what_is_held_masked_and_in_sums(
    client: Client, url: str, member: Member, store: Store, other_store: Store
) -> None:
    for day, where in ((1, store), (30, store), (200, other_store), (400, store)):
        make_receipt(member, DAY - timedelta(days=day), "87.65", store=where)
    make_receipt(member, DAY, "-87.65")
    page = text_of(client, url)
    assert "王 ·" in page and "199••••11" in page
    for secret in (NAME, PHONE, CARD, "1987", "87.65", "M···"):
        assert secret not in page
    assert re.findall(r"(\d+) receipts?<", page) == ["2", "1"]
    assert page.index("Store 0001") < page.index("Store 0002")


def test_it_says_how_the_member_is_grouped_and_from_what(client: Client, url: str) -> None:
    night = make_night()
    ClusterModelRow.objects.create(
        run=night, model={}, fitted_on=DAY, clusters=[{"name": [["carton_share", "high"]]}]
    )
    page = text_of(client, url)
    assert "you were last here a short time ago, and you come seldom" in page
    assert "“Loyal”" in page and "“High carton share”" in page


def test_it_says_who_keeps_the_data_and_nothing_of_a_product(client: Client, url: str) -> None:
    for language in ("en", "zh-CN"):
        page = text_of(client, url, accept_language=language)
        assert "江城便利" in page
        assert not re.search("huiyan|慧烟|<script|https?://", page, re.IGNORECASE)


def test_it_speaks_the_language_of_the_browser_until_one_is_chosen(client: Client, url: str) -> None:
    assert '<html lang="zh-hans">' in text_of(client, url, accept_language="zh-CN,zh;q=0.9")
    response = client.post(f"{url}language/", {"language": "en", "next": url})
    assert (response.status_code, response["Location"]) == (302, url)
    assert '<html lang="en">' in text_of(client, url, accept_language="zh-CN")


def test_it_speaks_it_though_the_company_speaks_another(client: Client, url: str) -> None:
    row = company.current()
    row.language = "zh-hans"
    row.save()
    company.ROW.forget()
    assert '<html lang="en">' in text_of(client, url, accept_language="en-GB")
    assert '<html lang="zh-hans">' in text_of(client, url)


def test_it_is_for_members_of_any_age(client: Client, store: Store, manager: Staff) -> None:
    minor = make_member(store, birth_date=DAY - timedelta(days=365 * 15))
    page = text_of(client, f"/me/{link_token(member_link_create(member=minor, actor=manager))}/")
    assert "Stop all messages" in page and "Never allowed" in page
    assert "Allow …" not in page


def test_it_costs_the_same_queries_however_much_is_held(
    client: Client, url: str, member: Member, manager: Staff
) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(url)
    for number in range(5):
        member_tag_add(member=member, text=f"tag {number}", actor=manager)
        make_receipt(member, DAY, "10")
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) <= len(few) + 1  # the stores of the receipts


# What it never does.


def test_it_changes_nothing_by_being_opened(client: Client, url: str, member: Member, manager: Staff) -> None:
    tag = member_tag_add(member=member, text="茶友", actor=manager)
    before = state()
    for name in ("", "erase/", "silence/",
                 "silence-end/", "profiling-end/", "profiling-resume/", f"tag-{tag.pk}/",
                 "allow-sms-marketing/", "stop-sms-marketing/"):  # fmt: skip
        for ask in (client.get, client.head):
            assert ask(url + name).status_code == 200, name
    assert client.get(f"{url}language/").status_code == 405
    assert state() == before


@pytest.mark.parametrize("path", ["", "silence/", "silence-end/", "language/"])
def test_it_leaves_no_trace(client: Client, url: str, path: str) -> None:
    answer = client.post if path == "language/" else client.get
    for address in (url + path, f"/me/forged/{path}"):
        response = answer(address)
        assert response["Cache-Control"] == "no-store, private"
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Robots-Tag"] == "noindex, nofollow"


def test_it_wants_the_form_to_be_its_own(url: str, member: Member) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"{url}silence/").status_code == 403
    form = strict.get(f"{url}silence/").content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert found
    data = {"csrfmiddlewaretoken": found[1]}
    elsewhere = strict.post(f"{url}silence/", data, headers={"origin": "https://elsewhere.example"})
    assert elsewhere.status_code == 403 and not SelfExclusion.unscoped.exists()
    # A page without referrers posts so.
    assert strict.post(f"{url}silence/", data, headers={"origin": "null"}).status_code == 302
    assert SelfExclusion.unscoped.get().member == member


def test_it_has_no_address_in_any_log(
    client: Client, url: str, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    token = url.split("/")[2]
    assert "organization.redaction.SecretPaths" in settings.LOGGING["handlers"]["console"]["filters"]
    with caplog.at_level(logging.INFO), caplog.at_level(logging.INFO, "huiyan.request"):
        for address in (url, f"{url}nothing/", f"{url}language/", "/me/forged-but-secret/"):
            client.get(address)
    assert caplog.records
    for record in caplog.records:
        SecretPaths().filter(record)
        assert token not in record.getMessage() and "forged-but-secret" not in record.getMessage()


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("Not Found: /me/abc.def-_/", "Not Found: /me/…/"),
        ('"GET /me/abc.def/silence/?a=1 HTTP/1.1" 200', '"GET /me/…/silence/?a=1 HTTP/1.1" 200'),
        ("/members/1/ and /me/", "/members/1/ and /me/"),
        ("Not Found: /invitation/WzEsImEi:1t/", "Not Found: /invitation/…/"),
        ("GET /password/3d-d8wkz1-0af7651916/ 404", "GET /password/3d-…/ 404"),
        ("/password/sent/ and /password/", "/password/sent/ and /password/"),
    ],
)
def test_it_redacts_the_secret_of_an_address(line: str, written: str) -> None:
    assert redacted(line) == written


# What opens nothing.


def test_it_answers_every_link_that_opens_nothing_alike(
    client: Client, store: Store, manager: Staff, link: MemberLink
) -> None:
    revoked, erased, expired = (
        member_link_create(member=make_member(store), actor=manager) for _ in range(3)
    )
    MemberLink.unscoped.filter(pk=revoked.pk).update(revoked_at=timezone.now())
    MemberLink.unscoped.filter(pk=expired.pk).update(expires_at=timezone.now())
    tokens = [link_token(one) for one in (revoked, erased, expired)]
    erased.member.delete()
    tokens += [link_token(link)[:-1] + "!", SIGNER.sign("A" * 22), "x", "%00", "密", "a" * 500]
    seen = {
        _look_of(client, f"/me/{token}/{path}") for token in tokens for path in ("", "silence/", "nothing/")
    }
    assert len(seen) == 1
    posted = {
        _look_of(client, f"/me/{token}/{path}", "post")
        for token in tokens
        for path in ("silence/", "language/")
    }
    assert posted == seen


def _look_of(client: Client, address: str, method: str = "get") -> tuple[Any, ...]:
    cache.clear()
    company.current()  # It is read again every few seconds.
    with (
        CaptureQueriesContext(connection) as queries,
        patch.object(links.SIGNER, "signature", wraps=links.SIGNER.signature) as signed,
    ):
        response: HttpResponse = getattr(client, method)(address)
    assert response.status_code == 404
    headers = tuple(
        sorted((name, value) for name, value in response.headers.items() if name != "X-Request-ID")
    )
    statements = tuple(re.sub(r"'.*?'", "?", query["sql"]) for query in queries.captured_queries)
    return response.content, headers, tuple(response.cookies), statements, signed.call_count


def test_it_tells_a_thing_that_is_not_there_like_a_link_that_is_not(client: Client, url: str) -> None:
    missing = client.get("/me/forged/")
    for name in ("nothing", "tag-", "tag-0", "tag-x", f"tag-{'9' * 30}", "tag-²", "allow-fax-marketing",
                 "stop-sms-anything", "stop-sms"):  # fmt: skip
        response = client.post(f"{url}{name}/")
        assert (response.status_code, response.content) == (404, missing.content), name


def test_it_makes_an_address_wait_that_tries_many_links(client: Client, url: str) -> None:
    for number in range(misses.MOST):
        assert client.get(f"/me/forged{number}/").status_code == 404
    for address in ("/me/forged/", url):
        assert client.get(address).status_code == 429
    assert client.get(url, REMOTE_ADDR="192.0.2.7").status_code == 200
    with time_machine.travel(NOON + timedelta(seconds=misses.SECONDS + 1)):
        cache.clear()  # The cache has a clock of its own.
        assert client.get(url).status_code == 200


def test_it_counts_no_hit(client: Client, url: str) -> None:
    for _ in range(misses.MOST + 1):
        assert client.get(url).status_code == 200


def test_it_ends_when_the_member_is_erased_in_between(client: Client, url: str, member: Member) -> None:
    gone = Member.DoesNotExist
    with patch("members.services.self_exclusion_start", side_effect=gone):
        assert client.post(f"{url}silence/").status_code == 404


# What the member decides.


def do(client: Client, url: str, name: str) -> str:
    """Press the button of a deed; the page as it is then."""
    response = client.post(f"{url}{name}/", follow=True)
    assert response.redirect_chain == [(url, 302)]
    return str(response.content.decode())


def reached(member: Member) -> bool:
    chosen = audience(segment="loyal", stores=[member.home_store], channel="sms", day=DAY + timedelta(days=1))
    return member.pk in chosen.members


def test_it_withdraws_and_gives_consent_per_channel(client: Client, url: str, member: Member) -> None:
    assert reached(member)
    page = do(client, url, "stop-sms-marketing")
    assert "Stopped." in page and not reached(member)
    do(client, url, "stop-sms-marketing")
    page = do(client, url, "allow-wechat-marketing")
    assert "You allowed messages by WeChat." in page and not reached(member)
    do(client, url, "allow-sms-marketing")
    assert reached(member)
    ledger = list(Consent.unscoped.order_by("pk").values_list("channel", "granted", "source"))
    assert ledger == [
        ("sms", True, "form"),
        ("sms", False, "own page"),
        ("wechat", True, "own page"),
        ("sms", True, "own page"),
    ]
    events = AuditEvent.unscoped.filter(code__startswith="member.self_consent").order_by("pk")
    assert [(event.actor, event.data["channel"]) for event in events] == [
        (None, "sms"),
        (None, "wechat"),
        (None, "sms"),
    ]


def test_it_says_to_whom_and_for_what_before_a_consent(client: Client, url: str) -> None:
    page = text_of(client, f"{url}allow-email-marketing/")
    assert "You allow 江城便利 to send you offers and greetings by E-mail." in page
    assert "Never about tobacco; at most 1 in a week and 3 in a month." in page


def test_it_deletes_a_tag_for_good(client: Client, url: str, member: Member, manager: Staff) -> None:
    tag = member_tag_add(member=member, text="茶友", actor=manager)
    assert "茶友" in text_of(client, url)
    assert "Delete the tag “茶友”?" in text_of(client, f"{url}tag-{tag.pk}/")
    assert "茶友" not in do(client, url, f"tag-{tag.pk}")
    assert client.post(f"{url}tag-{tag.pk}/").status_code == 404
    assert MemberTag.unscoped.get().text is None


def test_it_deletes_no_tag_of_somebody_else(client: Client, url: str, store: Store, manager: Staff) -> None:
    tag = member_tag_add(member=make_member(store), text="茶友", actor=manager)
    assert client.post(f"{url}tag-{tag.pk}/").status_code == 404
    assert MemberTag.unscoped.get().text == "茶友"


def test_it_ends_profiling_and_takes_it_back(client: Client, url: str, member: Member) -> None:
    page = do(client, url, "profiling-end")
    assert "You are in no group, because you asked for that." in page
    assert MemberScore.unscoped.get(member=member).segment is None and not reached(member)
    MemberScore.unscoped.update(segment="loyal", r=5)  # whatever put it there
    assert not reached(member)
    assert "You are in no group, because" not in do(client, url, "profiling-resume")
    assert reached(member)


def test_it_leaves_the_member_alone_at_once(
    client: Client, store: Store, manager: Staff, marketer: Staff
) -> None:
    make_night()
    for _ in range(16):
        make_reachable(store)
    campaign = campaign_start(campaign=make_draft(marketer), actor=marketer, as_of=DAY)
    waiting = campaign.messages.order_by("pk")[0]
    link = member_link_create(member=waiting.member, actor=manager)
    page = do(client, f"/me/{link_token(link)}/", "silence")
    assert "You get no messages, because you asked for that." in page and "Allow" not in page
    sandbox.deliver(campaign=campaign, at=NOON)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.reason) == (Message.Status.REFUSED, "self_excluded")
    assert not reached(waiting.member)


def test_it_restores_no_consent_when_silence_is_taken_back(client: Client, url: str, member: Member) -> None:
    do(client, url, "silence")
    do(client, url, "silence-end")
    assert not SelfExclusion.unscoped.exists()
    assert not latest_consents(member)["sms", "marketing"].granted and not reached(member)
    codes = set(AuditEvent.unscoped.filter(actor=None).values_list("code", flat=True))
    assert {"member.self_excluded", "member.self_exclusion_ended", "member.self_consent_withdrawn"} <= codes
    do(client, url, "allow-sms-marketing")
    assert reached(member)


def test_it_restores_no_consent_where_a_file_recorded_the_silence(
    client: Client, url: str, member: Member
) -> None:
    take_in(ImportKind.MEMBERS, [{"mobile": PHONE, "license_code": "0001", "self_excluded": "1"}])
    assert SelfExclusion.unscoped.exists()
    do(client, url, "silence-end")
    assert not latest_consents(member)["sms", "marketing"].granted and not reached(member)


def test_it_takes_no_consent_while_all_is_silent(client: Client, url: str, member: Member) -> None:
    do(client, url, "silence")
    assert "Take that back first." in do(client, url, "allow-sms-marketing")
    assert not latest_consents(member)["sms", "marketing"].granted


def test_it_erases_the_member_at_once(client: Client, url: str, member: Member, manager: Staff) -> None:
    receipt = make_receipt(member, DAY, "10")
    assert "Nobody can undo this." in text_of(client, f"{url}erase/")
    assert Member.unscoped.filter(pk=member.pk).exists()
    response = client.post(f"{url}erase/")
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store, private")
    assert "Everything about you is erased." in response.content.decode()
    assert not Member.unscoped.filter(pk=member.pk).exists()
    receipt.refresh_from_db()
    assert receipt.member_id != member.pk
    event = AuditEvent.unscoped.get(code="member.erased")
    assert event.actor is None and event.data["reason"] == "own page"
    assert client.get(url).content == client.get("/me/forged/").content


def test_it_erases_nobody_while_a_file_is_read(client: Client, url: str, member: Member) -> None:
    with patch("members.services.erasure.imports_hold", return_value=False):
        page = do(client, url, "erase")
    assert "try again in a few minutes" in page
    assert Member.unscoped.filter(pk=member.pk).exists()


def test_it_erases_whatever_the_member_is_called(client: Client, url: str, member: Member) -> None:
    Member.unscoped.filter(pk=member.pk).update(name="own page")
    assert client.post(f"{url}erase/").status_code == 200


def test_it_gives_everything_held_as_a_file(client: Client, url: str, member: Member, manager: Staff) -> None:
    member_tag_add(member=member, text="茶友", actor=manager)
    response = client.post(f"{url}download/")
    assert (response["Content-Type"], response["Cache-Control"]) == ("application/json", "no-store, private")
    held = response.json()
    assert held["members.member"][0]["name"] == NAME
    assert held["members.membertag"][0]["text"] == "茶友"
    assert AuditEvent.unscoped.get(code="member.exported").actor is None
    assert client.get(f"{url}download/").status_code == 405


@pytest.mark.parametrize("role", Role.values)
def test_it_lets_no_staff_take_silence_back(
    member: Member, role: str, request: pytest.FixtureRequest
) -> None:
    self_exclusion_start(member=member)
    with pytest.raises(PermissionDenied):
        self_exclusion_end(member=member, actor=request.getfixturevalue(role))
    assert SelfExclusion.unscoped.exists()
