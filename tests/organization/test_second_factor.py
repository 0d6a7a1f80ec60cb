"""The second factor: who must have one, how it is set up, used, and taken off when a phone is lost."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from organization.models import AuditEvent, Staff
from organization.services import second_factor_reset

NOW = datetime(2026, 3, 20, 9, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SET_UP = "/account/second-factor/on/"


@pytest.fixture(autouse=True)
def _no_attempts() -> None:
    cache.clear()


@pytest.fixture
def required(settings: Settings) -> None:
    settings.MFA_REQUIRED = True


def code(secret: str = SECRET) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def with_phone(staff: Staff) -> Staff:
    TOTP.activate(staff, SECRET)
    RecoveryCodes.activate(staff)
    return staff


def log_in(client: Client, username: str) -> Any:
    return client.post("/login/", {"username": username, "password": "pw"})


def codes_of(event: str) -> list[AuditEvent]:
    return list(AuditEvent.unscoped.filter(code=event))


@pytest.mark.usefixtures("required")
class TestAdminWithoutOne:
    @pytest.mark.parametrize(
        "address", ["/", "/imports/", "/account/", "/admin/", "/jobs/", "/account/sessions/"]
    )
    def test_it_is_led_to_the_set_up(self, client: Client, admin: Staff, address: str) -> None:
        client.force_login(admin)
        assert client.get(address).headers["Location"] == SET_UP
        assert client.post(address).headers["Location"] == SET_UP

    def test_it_is_led_there_by_a_part_of_a_page_too(self, client: Client, admin: Staff) -> None:
        client.force_login(admin)
        answer = client.get("/jobs/", headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, SET_UP)

    def test_it_can_log_out_and_choose_a_language(self, client: Client, admin: Staff) -> None:
        client.force_login(admin)
        assert client.post("/language/", {"language": "zh-hans", "next": "/"}).headers["Location"] == "/"
        assert client.post("/logout/").headers["Location"] == "/login/"

    def test_it_sees_nothing_else_to_click_on(self, client: Client, admin: Staff) -> None:
        log_in(client, "admin")
        page = client.get(SET_UP).content.decode()
        assert 'class="rail"' not in page
        assert 'src="data:image/svg+xml;base64,' in page

    @pytest.mark.django_db(transaction=True)
    def test_it_goes_on_once_it_is_set_up(self, client: Client, admin: Staff) -> None:
        log_in(client, "admin")
        client.get("/imports/?kind=sales")
        secret = client.get(SET_UP).context["form"].secret
        answer = client.post(SET_UP, {"code": code(secret)}, follow=True)
        assert len(answer.context["unused_codes"]) == 10
        assert 'href="/imports/?kind=sales"' in answer.content.decode()
        assert client.get("/imports/").status_code == 200
        assert [event.actor for event in codes_of("staff.second_factor_on")] == [admin]

    def test_it_is_asked_who_it_is_when_log_in_was_long_ago(self, client: Client, admin: Staff) -> None:
        with time_machine.travel(NOW) as clock:
            log_in(client, "admin")
            clock.shift(timedelta(minutes=11))
            assert (
                client.get(SET_UP).headers["Location"]
                == f"/account/confirm/?next={SET_UP.replace('/', '%2F')}"
            )
            page = client.get("/account/confirm/")
            assert 'class="rail"' not in page.content.decode()
            answer = client.post("/account/confirm/", {"password": "pw", "next": SET_UP})
            assert answer.headers["Location"] == SET_UP
            assert client.get(SET_UP).status_code == 200

    def test_it_is_not_asked_in_the_demo(self, client: Client, admin: Staff, settings: Settings) -> None:
        settings.DEMO_LOGINS = True
        client.force_login(admin)
        assert client.get("/imports/").status_code == 200

    @pytest.mark.parametrize("name", ["manager", "marketer", "approver"])
    def test_it_is_asked_of_admins_only(
        self, client: Client, manager: Staff, marketer: Staff, approver: Staff, name: str
    ) -> None:
        log_in(client, name)
        assert client.get("/").status_code == 200
        assert client.get(SET_UP).status_code == 200


def test_it_asks_for_the_code_before_anything_opens(client: Client, admin: Staff) -> None:
    with_phone(admin)
    assert log_in(client, "admin").headers["Location"] == "/login/code/"
    assert client.get("/").status_code == 302
    assert not codes_of("staff.logged_in")
    assert client.get("/login/code/").status_code == 200
    assert "not right" in client.post("/login/code/", {"code": "000000"}).content.decode()
    assert [event.object_id for event in codes_of("staff.code_refused")] == [admin.pk]
    client.post("/login/code/", {"code": code()})
    assert client.get("/").status_code == 200
    assert [event.actor for event in codes_of("staff.logged_in")] == [admin]


def test_it_leads_on_to_what_was_asked_for(client: Client, admin: Staff) -> None:
    with_phone(admin)
    client.post("/login/", {"username": "admin", "password": "pw", "next": "/imports/"})
    assert client.post("/login/code/", {"code": code()}).headers["Location"] == "/imports/"


def test_it_takes_a_code_once(admin: Staff) -> None:
    with_phone(admin)
    with time_machine.travel(NOW) as clock:
        seen = code()
        for seconds, lets_in in ((0, True), (1, False), (35, False)):
            clock.move_to(NOW + timedelta(seconds=seconds))
            if seconds > 30:  # By then allauth's own mark is over; Valkey's clock cannot be moved.
                totp = Authenticator.objects.get(user=admin, type="totp").wrap()
                assert cache.delete(totp._get_used_cache_key(seen))
            client = Client()
            log_in(client, "admin")
            client.post("/login/code/", {"code": seen})
            assert ("_auth_user_id" in client.session) is lets_in, seconds


def test_it_remembers_a_code_for_as_long_as_it_would_be_taken(
    client: Client, admin: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a period of tolerance on both sides a code lives for three."""
    with_phone(admin)
    kept: dict[str, float] = {}

    def add(key: str, _value: object, timeout: float = 0) -> bool:
        kept[key.partition(":")[0]] = timeout
        return True

    log_in(client, "admin")
    monkeypatch.setattr(cache, "add", add)
    client.post("/login/code/", {"code": code()})
    assert kept["second-factor"] == 90


def test_it_lets_nobody_guess_the_password_of_an_open_session(client: Client, admin: Staff) -> None:
    log_in(client, "admin")
    tries = [client.post("/account/confirm/", {"password": f"guess {n}"}).status_code for n in range(11)]
    assert tries == [200] * 10 + [429]


def test_it_takes_a_code_of_half_a_minute_ago(client: Client, admin: Staff) -> None:
    with_phone(admin)
    with time_machine.travel(NOW) as clock:
        seen = code()
        clock.shift(timedelta(seconds=31))
        log_in(client, "admin")
        assert client.post("/login/code/", {"code": seen}).status_code == 302


def test_it_takes_a_recovery_code_once(admin: Staff) -> None:
    with_phone(admin)
    recovery = Authenticator.objects.get(user=admin, type="recovery_codes").wrap().get_unused_codes()[0]
    for lets_in in (True, False):
        client = Client()
        log_in(client, "admin")
        client.post("/login/code/", {"code": recovery})
        assert ("_auth_user_id" in client.session) is lets_in


def test_it_stops_guessing_of_codes(client: Client, admin: Staff) -> None:
    with_phone(admin)
    with time_machine.travel(NOW) as clock:
        log_in(client, "admin")
        for _attempt in range(5):
            client.post("/login/code/", {"code": "000000"})
        assert "Too many attempts" in client.post("/login/code/", {"code": code()}).content.decode()
        clock.shift(timedelta(minutes=16))
        log_in(client, "admin")
        assert client.post("/login/code/", {"code": code()}).status_code == 302


def test_it_keeps_secrets_sealed(client: Client, admin: Staff) -> None:
    with_phone(admin)
    stored = {row.type: row.data for row in Authenticator.objects.all()}
    assert SECRET not in str(stored)
    assert re.fullmatch("02[0-9a-f]+", stored["totp"]["secret"])
    assert re.fullmatch("02[0-9a-f]+", stored["recovery_codes"]["seed"])
    assert Authenticator.objects.get(type="totp").wrap().validate_code(code())


def test_it_wants_the_code_not_the_password_to_turn_it_off(client: Client, admin: Staff) -> None:
    with_phone(admin)
    with time_machine.travel(NOW) as clock:
        log_in(client, "admin")
        client.post("/login/code/", {"code": code()})
        clock.shift(timedelta(minutes=11))
        off = "/account/second-factor/off/"
        again = client.get(off).headers["Location"]
        assert again.startswith("/account/confirm/code/")
        answer = client.post("/account/confirm/", {"password": "pw", "next": off})
        assert answer.headers["Location"].startswith("/account/confirm/code/")
        client.post("/account/confirm/code/", {"code": code(), "next": off})
        client.post(off)
    assert not Authenticator.objects.exists()
    assert [event.actor for event in codes_of("staff.second_factor_off")] == [admin]


@pytest.mark.django_db(transaction=True)
def test_it_makes_new_recovery_codes(client: Client, marketer: Staff) -> None:
    with_phone(marketer)
    log_in(client, "marketer")
    client.post("/login/code/", {"code": code()})
    old = client.get("/account/codes/").context["unused_codes"]
    new = client.post("/account/codes/new/", follow=True).context["unused_codes"]
    assert not set(old) & set(new)
    assert client.get("/account/codes.txt").content.decode().split()[-10:] == new
    assert codes_of("staff.recovery_codes_renewed")


class TestLostPhone:
    def test_it_is_taken_off_by_an_admin_and_every_session_ends(
        self, client: Client, admin: Staff, marketer: Staff
    ) -> None:
        with_phone(marketer)
        theirs = Client()
        log_in(theirs, "marketer")
        theirs.post("/login/code/", {"code": code()})
        log_in(client, "admin")
        answer = client.post(reverse("staff_second_factor_reset", args=[marketer.pk]), follow=True)
        assert "second factor of marketer is off" in answer.content.decode()
        assert theirs.get("/").status_code == 302
        assert log_in(theirs, "marketer").headers["Location"] == "/"
        event = codes_of("staff.second_factor_reset")[0]
        assert (event.actor, event.object_id) == (admin, marketer.pk)

    def test_it_says_when_there_was_none(self, client: Client, admin: Staff, marketer: Staff) -> None:
        log_in(client, "admin")
        answer = client.post(reverse("staff_second_factor_reset", args=[marketer.pk]), follow=True)
        assert "has no second factor" in answer.content.decode()
        assert not codes_of("staff.second_factor_reset")

    def test_it_waits_until_the_admin_has_shown_who_it_is(
        self, client: Client, admin: Staff, marketer: Staff
    ) -> None:
        with_phone(marketer)
        with time_machine.travel(NOW) as clock:
            log_in(client, "admin")
            clock.shift(timedelta(minutes=11))
            address = reverse("staff_second_factor_reset", args=[marketer.pk])
            again = client.post(address).headers["Location"]
            assert Authenticator.objects.exists()
            client.post(again, {"password": "pw", "next": address})
            assert not Authenticator.objects.exists()

    def test_it_is_not_for_the_own_account(self, admin: Staff, marketer: Staff) -> None:
        for actor, staff in ((admin, admin), (marketer, admin)):
            with pytest.raises(PermissionDenied):
                second_factor_reset(staff=staff, actor=actor)


@pytest.fixture
def record_nothing(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def fail(**_event: Any) -> None:
        raise RuntimeError("no event")

    def begin() -> None:
        monkeypatch.setattr("organization.account.views.audit", fail)
        monkeypatch.setattr("organization.account.events.audit", fail)

    return begin


@pytest.mark.django_db(transaction=True)
class TestWhatCannotBeRecorded:
    """Is not done either: each act and its line in the audit trail are one transaction."""

    def test_turning_it_on(self, client: Client, admin: Staff, record_nothing: Callable[[], None]) -> None:
        log_in(client, "admin")
        secret = client.get(SET_UP).context["form"].secret
        record_nothing()
        with pytest.raises(RuntimeError):
            client.post(SET_UP, {"code": code(secret)})
        assert not Authenticator.objects.exists()

    @pytest.mark.parametrize("address", ["/account/second-factor/off/", "/account/codes/new/"])
    def test_turning_it_off_or_changing_its_codes(
        self, client: Client, admin: Staff, record_nothing: Callable[[], None], address: str
    ) -> None:
        with_phone(admin)
        log_in(client, "admin")
        client.post("/login/code/", {"code": code()})
        before = list(Authenticator.objects.order_by("pk").values())
        record_nothing()
        with pytest.raises(RuntimeError):
            client.post(address)
        assert list(Authenticator.objects.order_by("pk").values()) == before

    def test_changing_the_password(
        self, client: Client, admin: Staff, record_nothing: Callable[[], None]
    ) -> None:
        log_in(client, "admin")
        record_nothing()
        new = {"password1": "rather-long-and-odd-3", "password2": "rather-long-and-odd-3"}
        with pytest.raises(RuntimeError):
            client.post("/account/password/", {"oldpassword": "pw", **new})
        admin.refresh_from_db()
        assert admin.check_password("pw")
