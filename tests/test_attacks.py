"""What somebody tried who wanted to break in, and got through with; docs/threat-model.md lists the rest."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from pytest_django import Settings

from organization import first_run, sealing, uploads
from organization.models import Staff
from tests.conftest import make_member
from tests.proving import log_in_now


@pytest.fixture(autouse=True)
def _no_attempts() -> None:
    cache.clear()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every file begun for an upload, also one that is gone when the answer comes."""
    begun: list[Path] = []

    class Watched(sealing.SealedWriter):
        def __init__(self, path: Path) -> None:
            begun.append(path)
            super().__init__(path)

    monkeypatch.setattr(uploads, "SealedWriter", Watched)
    return begun


@pytest.mark.parametrize("who", [None, "manager", "marketer"])
@pytest.mark.parametrize(
    "address", ["/login/", "/language/", "/imports/", "/me/no.link/silence/", "/nowhere/"]
)
def test_nothing_of_a_stranger_s_file_reaches_the_disk(
    written: list[Path], request: pytest.FixtureRequest, db: None, who: str | None, address: str
) -> None:
    """The token of a form is looked for before any view is asked, in every part of what was sent."""
    client = Client(enforce_csrf_checks=True)
    if who:
        client.force_login(request.getfixturevalue(who))
    client.cookies["csrftoken"] = token = "a" * 32
    file = SimpleUploadedFile("sales.csv", b"a" * 100_000)
    client.post(address, {"uploads": file, "csrfmiddlewaretoken": token})
    assert written == []


def test_an_admin_s_file_reaches_it(client: Client, written: list[Path], admin: Staff) -> None:
    client.force_login(admin)
    client.post("/imports/", {"uploads": SimpleUploadedFile("sales.csv", b"a" * 100_000)})
    assert len(written) == 1


@pytest.mark.parametrize("name", ["zlib", "idna", "punycode", "undefined", "utf-16", "latin-1"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_character_set_makes_a_page_fail(db: None, name: str, method: str) -> None:
    """Asked of what gunicorn calls: Django fails before it has a request."""
    from config.wsgi import application  # It asks the database whether the keys fit.

    environ = RequestFactory().generic(method, "/login/?next=%ff", b"username=%ff").environ
    environ["CONTENT_TYPE"] = f"application/x-www-form-urlencoded; charset={name}"
    said: list[str] = []
    application(environ, lambda status, _headers: said.append(status))
    assert said == ["400 Bad Request"]


@pytest.mark.parametrize("number", ["9" * 19, "9" * 5_000, "٣" * 20])
def test_no_number_of_a_store_makes_the_form_of_an_account_fail(
    client: Client, admin: Staff, number: str
) -> None:
    log_in_now(client, admin)
    answer = client.post("/staff/new/", {"username": "x", "role": "manager", "stores": [number]})
    assert answer.status_code == 422


@pytest.mark.parametrize("query", ["status__exact=%00", "q=%00", "x%00=1"])
def test_no_zero_byte_makes_the_support_pages_fail(client: Client, admin: Staff, query: str) -> None:
    client.force_login(admin)
    assert client.get(f"/admin/organization/job/?{query}").status_code == 404


def test_letters_that_the_database_takes_for_others_give_no_further_guesses(
    client: Client, admin: Staff
) -> None:
    for attempt in range(5):
        client.post("/login/", {"username": "admın" if attempt % 2 else "admin", "password": "wrong"})
    answer = client.post("/login/", {"username": "admin", "password": "pw"})
    assert "Too many attempts" in answer.content.decode()


def test_what_escapes_django_is_logged_without_address_and_value(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUIYAN_LOCAL_DIR", str(tmp_path))
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    options = runpy.run_path(str(Path(settings.BASE_DIR) / "config/gunicorn.py"))
    log = Logger(Config())
    options["on_starting"](SimpleNamespace(log=log))
    row = "Key (phone)=(19987654321) already exists"
    try:
        raise ValueError(row)
    except ValueError:
        log.exception("Error handling request %s", "POST /me/token.signature/download/")
    told = capsys.readouterr().err
    assert "Error handling request POST /me/…/download/" in told
    assert "ValueError" in told
    assert "19987654321" not in told


def test_no_header_of_a_browser_says_which_address_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    monkeypatch.setenv("HUIYAN_LOCAL_DIR", str(tmp_path))
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    options = runpy.run_path(str(Path(settings.BASE_DIR) / "config/gunicorn.py"))
    assert options["forwarder_headers"] == ""


def test_the_proxy_of_the_manual_says_who_asks(settings: Settings) -> None:
    """nginx hands on what a browser sends unless it is told what to send."""
    manual = (Path(settings.BASE_DIR) / "docs/operations.md").read_text()
    (nginx,) = re.findall(r"location / \{.*?\n\s+\}", manual, re.DOTALL)
    for header in ("Host $host", "X-Forwarded-Proto https", "X-Forwarded-For $remote_addr"):
        assert f"proxy_set_header {header};" in nginx


@pytest.mark.parametrize("way", ["get", "post"])
def test_nobody_tries_the_set_up_code_for_ever(
    client: Client, db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    settings.SETUP_CODE = "1234"
    monkeypatch.setattr(first_run, "_is_done", False)
    tries = [getattr(client, way)("/setup/", {"code": f"{guess:04}"}).status_code for guess in range(21)]
    assert tries == [422] * 20 + [429]
    assert getattr(client, way)("/setup/", {"code": "1234"}).status_code == 429


def test_a_network_of_ipv6_is_one_guesser(client: Client, db: None) -> None:
    def tried(host: int) -> int:
        return client.get("/me/no.link/", REMOTE_ADDR=f"2001:db8::{host:x}").status_code

    assert [tried(host) for host in range(1, 32)] == [404] * 30 + [429]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_part_of_a_page_asked_for_after_the_session_has_the_page_loaded_again(
    client: Client, db: None, method: str
) -> None:
    answer: Any = getattr(client, method)("/segments/", headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"
    assert answer.content == b""


@pytest.mark.parametrize("address", ["/password/1-abc/", "/login/", "/nowhere/", "/setup/", "/campaigns/"])
def test_no_page_of_a_stranger_is_kept_by_a_proxy(client: Client, db: None, address: str) -> None:
    """Each may set the cookie that forms are checked against."""
    assert "no-store" in client.get(address)["Cache-Control"]


@pytest.mark.parametrize("page", ["member_reveal", "member_erase"])
def test_a_page_that_answered_a_form_can_change_its_language(
    client: Client, admin: Staff, store: Any, page: str
) -> None:
    client.force_login(admin)
    member = make_member(store)
    address = reverse(page, kwargs={"pk": member.pk})
    answer = client.post("/language/", {"language": "zh-hans", "next": address}, follow=True)
    assert answer.status_code == 200
