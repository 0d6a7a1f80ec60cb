"""A forgotten password: a link by mail, and nothing that tells whether there is an account."""

import re
import smtplib
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.test import Client

from organization import tasks
from organization.models import AuditEvent, Staff

ADDRESS = "mei@example.org"
NEW = "a-long-new-phrase"


@pytest.fixture(autouse=True)
def _no_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(tasks.password_reset_mail, "delay", tasks.password_reset_mail)


@pytest.fixture
def mei(marketer: Staff) -> Staff:
    marketer.email = ADDRESS
    marketer.save()
    return marketer


def ask(client: Client, address: str = ADDRESS) -> Any:
    return client.post("/password/", {"email": address})


def link() -> str:
    found = re.search(r"http://testserver(/password/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def choose(client: Client, url: str, password: str = NEW) -> Any:
    form = client.get(url).headers.get("Location", url)
    return client.post(form, {"password1": password, "password2": password}, follow=True)


def test_it_lets_in_again_with_the_mailed_link(client: Client, mei: Staff) -> None:
    elsewhere = Client()
    elsewhere.post("/login/", {"username": "marketer", "password": "pw"})
    ask(client)
    assert mail.outbox[0].to == [ADDRESS]
    assert "marketer" in str(mail.outbox[0].body)
    assert "Your password is changed" in choose(client, link()).content.decode()
    mei.refresh_from_db()
    assert mei.check_password(NEW)
    assert elsewhere.get("/").status_code == 302
    assert AuditEvent.unscoped.filter(code="staff.password_reset", object_id=mei.pk).exists()


def test_it_mails_in_the_language_of_the_page(client: Client, mei: Staff) -> None:
    client.post("/language/", {"language": "zh-hans"})
    ask(client)
    assert "密码" in mail.outbox[0].subject


def test_it_works_once_and_for_four_hours(client: Client, mei: Staff) -> None:
    ask(client)
    url = link()
    with time_machine.travel(timedelta(hours=5)):
        assert "no longer works" in client.get(url, follow=True).content.decode()
    choose(client, url)
    assert "no longer works" in Client().get(url, follow=True).content.decode()


def test_it_takes_no_weak_password(client: Client, mei: Staff) -> None:
    ask(client)
    assert choose(client, link(), "4839201756").context["form"].errors["password1"]


def test_it_answers_the_same_whether_there_is_an_account_or_not(client: Client, mei: Staff) -> None:
    known, unknown = ask(client), ask(Client(), "nobody@example.org")
    assert (known.status_code, known.headers["Location"]) == (
        unknown.status_code,
        unknown.headers["Location"],
    )
    assert len(mail.outbox) == 1


def test_it_mails_nobody_who_has_left(client: Client, mei: Staff) -> None:
    mei.is_active = False
    mei.save()
    assert ask(client).status_code == 302
    assert not mail.outbox


def test_it_answers_the_same_when_no_mail_can_be_sent(
    client: Client, mei: Staff, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise smtplib.SMTPRecipientsRefused({ADDRESS: (550, b"no")})

    monkeypatch.setattr("organization.services.mail.send_mail", fail)
    assert ask(client).headers["Location"] == "/password/sent/"
    assert "SMTPRecipientsRefused" in caplog.text
    assert ADDRESS not in caplog.text


def test_it_answers_the_same_when_nothing_can_be_queued(
    client: Client, mei: Staff, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: Any) -> None:
        raise ConnectionError(ADDRESS)

    monkeypatch.setattr(tasks.password_reset_mail, "delay", fail)
    assert ask(client).headers["Location"] == "/password/sent/"
    assert ADDRESS not in caplog.text


def test_it_queues_a_link_nobody_can_read(
    client: Client, mei: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued: list[Any] = []
    monkeypatch.setattr(tasks.password_reset_mail, "delay", lambda *args: queued.extend(args))
    ask(client)
    assert queued[0] == mei.pk
    assert "password" not in bytes.fromhex(queued[1]).decode("latin-1")


def test_it_mails_an_account_no_more_than_three_times_an_hour(client: Client, mei: Staff) -> None:
    for _attempt in range(3):
        ask(client)
    assert ask(client).status_code == 429
    assert len(mail.outbox) == 3
