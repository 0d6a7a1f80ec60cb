"""Where somebody is logged in, and how that ends."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from organization.account.devices import device_name
from organization.models import AuditEvent, Staff
from organization.tasks import forget_uploads

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Edg/140.0"
NEW = "a-long-new-phrase"


@pytest.fixture(autouse=True)
def _no_attempts() -> None:
    cache.clear()


def entered(name: str = "marketer", agent: str = DESK) -> Client:
    client = Client(headers={"User-Agent": agent})
    client.post("/login/", {"username": name, "password": "pw"})
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_it_lists_every_browser_and_marks_this_one(marketer: Staff) -> None:
    here, _there = entered(), entered(agent=PHONE)
    page = here.get("/account/sessions/").content.decode()
    assert ("Edge · Windows" in page, "Safari · iPhone" in page) == (True, True)
    assert page.count("This one") == 1
    assert "127.0.0.1" in page


def test_it_ends_one(marketer: Staff) -> None:
    here, there, third = entered(), entered(agent=PHONE), entered(agent=PHONE)
    session = UserSession.objects.get(session_key=there.session.session_key)
    here.post(f"/account/sessions/{session.pk}/end/")
    assert (is_in(here), is_in(there), is_in(third)) == (True, False, True)
    assert AuditEvent.unscoped.filter(code="staff.session_ended", object_id=marketer.pk).count() == 1


def test_it_ends_all_others(marketer: Staff) -> None:
    here, there, third = entered(), entered(agent=PHONE), entered()
    page = here.post("/account/sessions/end/", follow=True)
    assert "2 other sessions have ended." in page.content.decode()
    assert (is_in(here), is_in(there), is_in(third)) == (True, False, False)
    assert AuditEvent.unscoped.get(code="staff.session_ended").data == {"sessions": 2}


def test_it_ends_nobody_else_s(marketer: Staff, approver: Staff) -> None:
    here, other = entered("approver"), entered()
    session = UserSession.objects.get(user=marketer)
    assert here.post(f"/account/sessions/{session.pk}/end/").status_code == 404
    here.post("/account/sessions/end/")
    assert is_in(other)


def test_it_ends_all_others_with_a_new_password(marketer: Staff) -> None:
    here, there = entered(), entered(agent=PHONE)
    form = {"oldpassword": "pw", "password1": NEW, "password2": NEW}
    assert here.post("/account/password/", form).headers["Location"] == "/account/"
    assert (is_in(here), is_in(there)) == (True, False)
    assert AuditEvent.unscoped.filter(code="staff.password_changed", actor=marketer).exists()
    assert "Edge" in here.get("/account/sessions/").content.decode()
    assert UserSession.objects.filter(user=marketer).count() == 1


@pytest.mark.parametrize(
    "password", ["short", "4839201756", "password12345", "marketer-marketer"[:10], "qwertyuiop"]
)
def test_it_takes_no_weak_password(marketer: Staff, password: str) -> None:
    form = {"oldpassword": "pw", "password1": password, "password2": password}
    answer = entered().post("/account/password/", form)
    assert answer.status_code == 200
    assert answer.context["form"].errors["password1"]
    marketer.refresh_from_db()
    assert marketer.check_password("pw")


def test_it_asks_for_the_old_password(marketer: Staff) -> None:
    form = {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    assert "This is not your password" in entered().post("/account/password/", form).content.decode()


def test_it_forgets_a_session_that_was_logged_out(marketer: Staff) -> None:
    entered().post("/logout/")
    assert not UserSession.objects.exists()


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (PHONE, "Safari · iPhone"),
        (DESK, "Edge · Windows"),
        ("curl/8", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_it_names_a_device(agent: str, device: str) -> None:
    assert device_name(agent) == device


def test_it_forgets_sessions_that_are_over(marketer: Staff) -> None:
    """With them goes which address and browser somebody came from."""
    here = entered()
    Session.objects.create(session_key="over", expire_date=timezone.now() - timedelta(seconds=1))
    UserSession.objects.create(user=marketer, session_key="over", ip="10.0.0.1", data={})
    forget_uploads()
    assert list(Session.objects.values_list("session_key", flat=True)) == [here.session.session_key]
    assert list(UserSession.objects.values_list("session_key", flat=True)) == [here.session.session_key]
    assert is_in(here)
