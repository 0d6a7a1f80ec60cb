"""The door: who comes in, what is said to who does not, and how often one may try."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import Settings

from organization.models import AuditEvent, Staff
from organization.services import session_end

NOW = datetime(2026, 3, 20, 9, tzinfo=UTC)
REFUSED = "do not go together"
TOO_OFTEN = "Too many attempts"


@pytest.fixture(autouse=True)
def _no_attempts() -> None:
    cache.clear()


@pytest.fixture
def with_mail(marketer: Staff) -> Staff:
    marketer.email = "mei@example.org"
    marketer.save()
    return marketer


def log_in(client: Client, username: str, password: str = "pw", **more: Any) -> Any:
    return client.post("/login/", {"username": username, "password": password}, **more)


def last_event() -> AuditEvent:
    event: AuditEvent = AuditEvent.unscoped.order_by("pk")[AuditEvent.unscoped.count() - 1]
    return event


@pytest.mark.parametrize("name", ["marketer", "MARKETER", " marketer ", "mei@example.org", "Mei@Example.org"])
def test_it_lets_in_by_name_or_address(client: Client, with_mail: Staff, name: str) -> None:
    assert log_in(client, name).headers["Location"] == "/"
    assert client.get("/").status_code == 200
    assert (last_event().code, last_event().actor) == ("staff.logged_in", with_mail)


@pytest.mark.parametrize("name", ["marketer", "mei@example.org", "nobody", "nobody@example.org", "gone"])
def test_it_says_the_same_to_everybody_it_does_not_let_in(
    client: Client, with_mail: Staff, approver: Staff, name: str
) -> None:
    approver.username, approver.is_active = "gone", False
    approver.save()
    password = "pw" if name == "gone" else "wrong"
    answer = log_in(client, name, password)
    assert answer.status_code == 200
    assert REFUSED in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_it_takes_no_time_that_tells_whether_there_is_an_account(
    client: Client, with_mail: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs: dict[str, int] = {}
    encode = MD5PasswordHasher.encode
    for name in ("marketer", "mei@example.org", "nobody", "nobody@example.org"):
        calls: list[str] = []

        def counted(self: MD5PasswordHasher, password: str, salt: str, calls: list[str] = calls) -> str:
            calls.append(salt)
            return encode(self, password, salt)

        monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
        log_in(client, name, "wrong")
        costs[name] = len(calls)
    assert set(costs.values()) == {1}


def test_it_keeps_a_failure_with_the_account_but_not_what_was_typed(client: Client, marketer: Staff) -> None:
    for name, account in (("marketer", marketer.pk), ("hunter2 my password", None)):
        log_in(client, name, "wrong")
        event = last_event()
        assert (event.code, event.actor, event.object_id) == ("staff.login_failed", None, account)
        assert event.data == {"address": "127.0.0.1"}


def test_it_refuses_even_the_right_password_after_five_wrong_ones(client: Client, marketer: Staff) -> None:
    with time_machine.travel(NOW) as clock:
        for _attempt in range(5):
            assert REFUSED in log_in(client, "marketer", "wrong").content.decode()
        assert TOO_OFTEN in log_in(client, "marketer").content.decode()
        assert TOO_OFTEN in log_in(client, " Marketer").content.decode()
        clock.shift(timedelta(minutes=14))
        assert TOO_OFTEN in log_in(client, "marketer").content.decode()
        clock.shift(timedelta(minutes=2))
        assert log_in(client, "marketer").status_code == 302


def test_it_lets_nobody_lock_a_colleague_out_from_elsewhere(client: Client, marketer: Staff) -> None:
    for _attempt in range(6):
        log_in(client, "marketer", "wrong", REMOTE_ADDR="192.0.2.1")
    assert log_in(client, "marketer", REMOTE_ADDR="192.0.2.2").status_code == 302


def test_it_stops_an_address_that_tries_many_names(client: Client, marketer: Staff) -> None:
    for attempt in range(30):
        log_in(client, f"name{attempt}", "wrong")
    assert TOO_OFTEN in log_in(client, "marketer").content.decode()


def test_it_believes_no_forged_address(client: Client, marketer: Staff) -> None:
    for attempt in range(5):
        log_in(client, "marketer", "wrong", headers={"X-Forwarded-For": f"192.0.2.{attempt}"})
    answer = log_in(client, "marketer", headers={"X-Forwarded-For": "192.0.2.99"})
    assert TOO_OFTEN in answer.content.decode()


def test_it_believes_what_its_own_proxy_adds(client: Client, marketer: Staff, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for attempt in range(5):
        log_in(client, "marketer", "wrong", headers={"X-Forwarded-For": f"10.0.0.{attempt}, 192.0.2.1"})
    answer = log_in(client, "marketer", headers={"X-Forwarded-For": "10.0.0.9, 192.0.2.1"})
    assert TOO_OFTEN in answer.content.decode()
    assert log_in(client, "marketer", headers={"X-Forwarded-For": "192.0.2.2"}).status_code == 302


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/campaigns/", "/campaigns/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http:evil.example", "/"),
    ],
)
def test_it_leads_nowhere_outside(client: Client, marketer: Staff, wanted: str, led_to: str) -> None:
    answer = client.post("/login/", {"username": "marketer", "password": "pw", "next": wanted})
    assert answer.headers["Location"] == led_to


def test_it_leads_nowhere_outside_at_log_out(client: Client, marketer: Staff) -> None:
    client.force_login(marketer)
    answer = client.post("/logout/", {"next": "https://evil.example/"})
    assert answer.headers["Location"] == "/login/"


def test_it_gives_a_new_session_at_log_in(client: Client, marketer: Staff) -> None:
    session = client.session
    session["planted"] = True
    session.save()
    log_in(client, "marketer")
    assert client.session.session_key != session.session_key
    assert not session.exists(session.session_key or "")


def test_it_takes_no_form_from_another_site(marketer: Staff) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = log_in(client, "marketer")
    assert answer.status_code == 403
    assert "open too long" in answer.content.decode()


def test_it_has_no_sign_up(client: Client, db: None) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")
    assert client.get("/signup/").status_code == 404


def test_it_logs_out_with_a_post_only(client: Client, marketer: Staff) -> None:
    log_in(client, "marketer")
    assert client.get("/logout/").status_code == 405
    client.post("/logout/")
    assert last_event().code == "staff.logged_out"
    assert client.get("/").status_code == 302


def test_it_ends_a_session_twelve_hours_after_the_last_visit(client: Client, marketer: Staff) -> None:
    with time_machine.travel(NOW) as clock:
        log_in(client, "marketer")
        for _visit in range(3):
            clock.shift(timedelta(hours=11))
            assert client.get("/").status_code == 200
        clock.shift(timedelta(hours=13))
        assert client.get("/").status_code == 302


@pytest.mark.parametrize(("username", "ends"), [("admin", True), ("marketer", False)])
def test_it_can_end_an_admin_s_session_with_the_browser(
    client: Client, admin: Staff, marketer: Staff, settings: Settings, username: str, ends: bool
) -> None:
    settings.ADMIN_SESSION_ENDS_WITH_BROWSER = True
    log_in(client, username)
    assert client.session.get_expire_at_browser_close() is ends
    assert bool(client.cookies["sessionid"]["max-age"]) is not ends


def test_it_hides_its_cookies_from_scripts(client: Client, marketer: Staff) -> None:
    client.get("/login/")
    log_in(client, "marketer")
    for name in ("sessionid", "csrftoken"):
        assert client.cookies[name]["httponly"]
        assert client.cookies[name]["samesite"] == "Lax"


def test_it_ends_no_session_of_somebody_else(marketer: Staff, approver: Staff) -> None:
    log_in(Client(), "marketer")
    assert not session_end(pk=UserSession.objects.get(user=marketer).pk, actor=approver)
