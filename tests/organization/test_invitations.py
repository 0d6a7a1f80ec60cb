"""Links by which an account gets its password: once, for seven days, and nothing else is told."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from organization.models import AuditEvent, Staff, Store
from organization.redaction import redacted
from organization.services import (
    invitation_accept,
    invitation_issue,
    invitation_send,
    invitations,
    staff_deactivate,
    staff_invite,
    staff_reactivate,
)
from organization.services.mail import password_reset_send
from tests.proving import log_in_now

GOOD = "rather-long-and-odd-3"


@pytest.fixture
def invited(admin: Staff, store: Store) -> Staff:
    return staff_invite(
        actor=admin,
        username="li",
        name="李",
        email="li@example.com",
        role="manager",
        stores=[store],
        regions=[],
    )


@pytest.fixture
def token(admin: Staff, invited: Staff) -> str:
    return invitation_issue(actor=admin, staff=invited)


def enter(client: Client, token: str, password: str = GOOD) -> int:
    client.get(f"/invitation/{token}/")
    given = {"new_password1": password, "new_password2": password}
    return client.post("/invitation/", given).status_code


def is_dead(token: str) -> bool:
    """Dead at its address and for a visitor who was on its page already."""
    return Client().get(f"/invitation/{token}/").status_code == 404


def test_it_sets_a_password_and_leads_to_log_in(client: Client, invited: Staff, token: str) -> None:
    answer = client.get(f"/invitation/{token}/")
    assert (answer.status_code, answer["Location"]) == (302, "/invitation/")
    assert answer["Referrer-Policy"] == "no-referrer" and "no-store" in answer["Cache-Control"]
    page = client.get("/invitation/")
    assert token not in page.content.decode() and "<b>li</b>" in page.content.decode()
    given = {"new_password1": GOOD, "new_password2": GOOD}
    answer = client.post("/invitation/", given)
    assert (answer.status_code, answer["Location"]) == (302, "/login/")
    assert "_auth_user_id" not in client.session
    assert client.login(username="li", password=GOOD)
    assert AuditEvent.unscoped.get(code="staff.password_set").actor == invited


def test_it_is_in_no_log(token: str) -> None:
    for line in (f"Not Found: /invitation/{token}/", f'"GET /invitation/{token}/?x=1 HTTP/1.1" 302'):
        assert token not in redacted(line) and token[-20:] not in redacted(line)
    assert redacted("/password/1a-c2f-9d8e/") == "/password/1a-…/"
    assert redacted("GET /invitation/ 200") == "GET /invitation/ 200"


def test_it_works_once(client: Client, token: str) -> None:
    assert enter(client, token) == 302
    assert enter(client, token, "another-odd-one-4") == 404
    assert is_dead(token)


def test_it_dies_after_seven_days(token: str) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        assert not is_dead(token)
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert is_dead(token)


def test_it_dies_for_good_when_the_account_is_deactivated(
    admin: Staff, client: Client, invited: Staff, token: str
) -> None:
    client.get(f"/invitation/{token}/")
    staff_deactivate(actor=admin, staff=invited)
    assert client.get("/invitation/").status_code == 404
    staff_reactivate(actor=admin, staff=invited)
    assert is_dead(token)


def test_it_dies_when_a_newer_link_is_made(admin: Staff, invited: Staff, token: str) -> None:
    newer = invitation_issue(actor=admin, staff=invited)
    assert is_dead(token) and not is_dead(newer)


def test_it_dies_when_its_holder_has_logged_in(invited: Staff, token: str) -> None:
    Staff.objects.filter(pk=invited.pk).update(last_login=timezone.now())
    assert is_dead(token)


def test_it_answers_the_same_whatever_is_wrong(client: Client, invited: Staff, token: str) -> None:
    """Forged, cut, of an account that is not there, used, or none at all."""
    gone = token[:-1] + ("A" if token[-1] != "A" else "B")
    enter(client, token)
    bad = [f"/invitation/{sent}/" for sent in ("x", gone, token[:-4], "1:2:3", "链接", token)]
    answers = [Client().get(address) for address in (*bad, "/invitation/")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({_plain(answer.content.decode()) for answer in answers}) == 1


def _plain(page: str) -> str:
    """A page without what differs from one request to the next."""
    return re.sub(r'"csrfmiddlewaretoken"[^>]*|X-CSRFToken[^>]*|name="next"[^>]*', "", page)


def test_it_holds_passwords_to_the_rules(client: Client, invited: Staff, token: str) -> None:
    assert enter(client, token, "12345678") == 422
    assert enter(client, token, "short") == 422
    invited.refresh_from_db()
    assert not invited.has_usable_password()
    assert not is_dead(token)


def test_it_logs_out_who_was_there_before(admin: Staff, client: Client, token: str) -> None:
    log_in_now(client, admin)
    assert enter(client, token) == 302
    assert client.get("/").status_code == 302


def test_it_lets_only_the_first_of_two_in(token: str) -> None:
    assert invitation_accept(token=token, password=GOOD)
    assert not invitation_accept(token=token, password=GOOD)


def test_it_lets_only_one_of_two_in_who_come_at_once(
    invited: Staff, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one's password is committed between the look at the link and the lock on the account."""
    look = invitations.invitation_staff
    looks: list[Staff | None] = []

    def look_and_lose(asked: str) -> Staff | None:
        found = look(asked)
        if not looks:
            Staff.objects.filter(pk=invited.pk).update(password="the other one's")
        looks.append(found)
        return found

    monkeypatch.setattr(invitations, "invitation_staff", look_and_lose)
    assert not invitation_accept(token=token, password=GOOD)
    invited.refresh_from_db()
    assert invited.password == "the other one's" and len(looks) == 2


def test_it_sends_the_link_where_there_is_an_address(invited: Staff, admin: Staff) -> None:
    assert invitation_send(staff=invited, link="https://example.com/invitation/x/")
    assert mail.outbox[0].to == ["li@example.com"]
    assert "https://example.com/invitation/x/" in str(mail.outbox[0].body)
    assert not invitation_send(staff=admin, link="https://example.com/invitation/x/")


def test_it_goes_on_where_mail_does_not_work(
    client: Client, admin: Staff, invited: Staff, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1
    log_in_now(client, admin)
    answer = client.post(f"/staff/{invited.pk}/link/", follow=True)
    assert answer.context["link"] and "could not be sent by e-mail" in answer.content.decode()
    assert "li@example.com" not in caplog.text


def test_it_goes_on_where_the_folder_of_mails_cannot_be_written(
    invited: Staff, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "mail").touch()
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    assert not invitation_send(staff=invited, link="https://example.com/invitation/x/")
    password_reset_send(staff=invited, url="https://example.com/password/x/")
