"""Who a customer is stands nowhere in clear: one run through everything, then a search everywhere.

The only place allowed is the column members_member.birth_date, which the rule for minors compares
in the database.
"""

import io
import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from celery.signals import before_task_publish
from django.conf import settings
from django.contrib.auth import authenticate
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import tasks as campaign_tasks
from campaigns.models import Campaign, Message
from config.quiet import NothingShown, PlacesOnly
from members.models import Member
from organization.imports import runner
from organization.jobs import job_run
from organization.models import Import, ImportKind, Job, Staff, Store
from organization.tasks import run_job
from segmentation.services import night_start
from tests.organization.importing import as_csv
from tests.sales.importing import line, make_products

PHONE, CARD, WECHAT, NAME, BORN = "19987654321", "CARD987654", "wx_marked_987", "欧阳标记", "1977-03-29"
MARKS = (PHONE, CARD, WECHAT, NAME, BORN, BORN.replace("-", ""))
BIRTH_DATES = ("members_member", BORN)
WHY = "Asked for in a letter"
TITLES = (
    "card_no,mobile,wechat_id,nickName,birthday,license_code,sex,"
    "年龄核验方式,年龄核验时间,年龄核验人,短信营销同意"
)
OTHERS = 39  # so many that a draw of halves leaves no group empty
PROOF = "id card,2026-01-05 10:00,07,1"


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))


@pytest.fixture
def valkey() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        server.flushdb()
        yield server


# Where a value could stand. Each search gives the places that show a mark.


def tables_that_show(mark: str) -> set[str]:
    """Tables in which a row holds the mark as text or as bytes."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s OR t::text LIKE %s',
                [f"%{mark}%", f"%{mark.encode().hex()}%"],
            )
            if cursor.fetchone()[0] and (table, mark) != BIRTH_DATES:
                found.add(table)
    return found


def files_that_show(mark: str, folder: Path) -> set[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.name for path in files if mark.encode() in path.read_bytes() or mark in path.name}


def keys_that_show(mark: str, valkey: Any) -> set[str]:
    readers: dict[bytes, Callable[[bytes], Any]] = {
        b"string": valkey.get,
        b"list": lambda key: valkey.lrange(key, 0, -1),
        b"hash": valkey.hgetall,
        b"set": valkey.smembers,
        b"zset": lambda key: valkey.zrange(key, 0, -1, withscores=True),
    }
    found = set()
    for key in valkey.scan_iter():
        content = repr(key) + repr(readers[valkey.type(key)](key))
        if any(form in content for form in _forms(mark)):
            found.add(key.decode())
    return found


def _forms(mark: str) -> tuple[str, ...]:
    """As text, as repr() shows its bytes, and as Celery's messages carry it."""
    import base64

    encoded = mark.encode()
    # Three offsets of base64, without the characters that depend on what is beside.
    carried = [base64.b64encode(b"x" * shift + encoded).decode()[4:-4] for shift in range(3)]
    # Four letters are three digits, which the number of any job may have.
    return (mark, repr(encoded)[2:-1], *(text for text in carried if len(text) >= 8))


def texts_that_show(mark: str, texts: list[str]) -> list[str]:
    return [text[:200] for text in texts if mark in text]


class Recording(Client):
    """A browser whose addresses and pages are kept; a fault becomes a page, as in production."""

    def __init__(self) -> None:
        super().__init__(raise_request_exception=False)
        self.addresses: list[str] = []
        self.trouble: list[str] = []

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        self.addresses += [request["PATH_INFO"], request.get("QUERY_STRING", "")]
        self.addresses.append(response.get("Location", ""))
        if response.status_code >= 400:
            self.trouble.append(response.content.decode())
        return response

    def send(self, kind: str, content: str, *, name: str = "a.csv", **fields: str) -> Any:
        upload = SimpleUploadedFile(name, content.encode())
        return self.post("/imports/", {"kind": kind, "source": "POS", "uploads": upload, **fields})


def members_file() -> str:
    """The marked person and others, all alike."""
    rows = [f"{CARD},{PHONE},{WECHAT},{NAME},{BORN},0001,1,{PROOF}"]
    rows += [f"C{n},1390000{n:04},wx_{n:04},甲乙,1980-01-0{1 + n % 9},0001,1,{PROOF}" for n in range(OTHERS)]
    return "\n".join([TITLES, *rows, ""])


def bad_members() -> str:
    rows = [
        f"{CARD},{PHONE},{WECHAT},{NAME},{BORN},0001,9,{PROOF}",
        f"{PHONE},{NAME}",
        f"x,{PHONE}x,,,{BORN}x,0001,,{PROOF}",
    ]
    return "\n".join([TITLES, *rows, ""])


def sales_file(day: date) -> str:
    buyers = [PHONE, *(f"1390000{n:04}" for n in range(OTHERS))]
    moment = {"inputtime": f"{day:%Y%m%d}100000"}
    rows = [line(f"R{n}", mobilephone=phone, **moment) for n, phone in enumerate(buyers)]
    rows[0]["consumersid"] = CARD
    bad = line("R98", mobilephone=PHONE, receipt_amount="1.00"), line("R99", mobilephone=f"{PHONE}x")
    return as_csv([*rows, *bad])


def work() -> None:
    """What a worker does with everything that waits."""
    for pk in Job.unscoped.open().order_by("pk").values_list("pk", flat=True):
        job_run(pk)
    campaign_tasks.deliver_pending()


def crash(browser: Recording, monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    """A handler stops with the row it was at in the text of its exception."""

    def merge(*args: Any) -> Any:
        try:
            raise fault
        except Exception as first:
            raise type(fault)(f"while taking in {NAME} {PHONE}") from first

    members = runner._importers[ImportKind.MEMBERS]
    with monkeypatch.context() as patch:
        patch.setitem(runner._importers, ImportKind.MEMBERS, replace(members, merge=merge))
        browser.send("members", members_file())
        run_job.apply((Job.unscoped.latest("pk").pk,))


def reach(browser: Recording, marketer: Staff) -> None:
    """A campaign to the segment of the marked person, delivered."""
    browser.force_login(marketer)
    segment = Member.unscoped.get(name__isnull=False, birth_date=BORN).score.segment
    form = {
        "name": "Drinks", "segment": segment, "channel": "sms", "offer": "饮料第二件半价", "margin": "",
        "message_cost": "0", "fixed_cost": "0", "horizon_days": "21", "holdout_share": "0.500",
    }  # fmt: skip
    browser.post(reverse("campaign_new"), form)
    browser.post(reverse("campaign_start", args=[Campaign.unscoped.get().pk]))
    work()
    for name in ("messages", "segment_members", "campaigns"):
        browser.get(reverse(name))


def disclose(browser: Recording, admin: Staff) -> None:
    browser.force_login(admin)
    member = Member.unscoped.get(birth_date=BORN)
    url = reverse("member_reveal", args=[member.pk])
    assert NAME in browser.post(url, {"field": "name", "reason": WHY}).content.decode()
    browser.post(url, {"field": "birth_date", "reason": f"{NAME} {PHONE} asked"})
    assert PHONE in browser.post(reverse("member_export", args=[member.pk])).content.decode()
    browser.post(reverse("member_erasures"), {"kind": "phone", "value": PHONE, "reason": WHY})


def break_pages(browser: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in a page, an address that is not there, and forms that are refused."""

    def fault(*args: Any, **kwargs: Any) -> Any:
        raise IntegrityError(f"DETAIL: Key (name, born)=({NAME}, {BORN}, {PHONE}, {CARD}, {WECHAT}) exists.")

    with monkeypatch.context() as patch:
        patch.setattr("dashboards.members.views.receipts_of", fault)
        answer = browser.get(reverse("member", args=[Member.unscoped.get(birth_date=BORN).pk]))
        assert answer.status_code == 500
    assert browser.get("/members/999999/").status_code == 404
    assert browser.send("nonsense", members_file()).status_code == 422
    browser.post("/login/", {"username": PHONE, "password": NAME})
    authenticate(username=PHONE, password=NAME)


@pytest.mark.django_db(transaction=True)
def test_it_keeps_who_somebody_is_out_of_everything(
    store: Store,
    admin: Staff,
    marketer: Staff,
    valkey: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    make_products()
    emitted: list[str] = []

    def keep(body: Any, headers: Any, **signal: Any) -> None:
        emitted.append(f"{body} {headers}")

    before_task_publish.connect(keep)
    browser, yesterday = Recording(), timezone.localdate() - timedelta(days=1)
    with caplog.at_level(logging.INFO):
        browser.force_login(admin)
        browser.send("members", members_file(), name=f"{PHONE}.csv")
        browser.send("members", bad_members())
        browser.send("members", members_file().split("\n", 1)[1])  # No titles: refused with a sentence.
        work()
        browser.send("sales", sales_file(yesterday))
        work()
        for fault in (ValueError(NAME), OperationalError(f"CONTEXT: COPY line 1: {PHONE},{CARD},{BORN}")):
            crash(browser, monkeypatch, fault)
        Job.unscoped.open().delete()
        night_start(as_of=yesterday, asked_by=admin)
        work()
        reach(browser, marketer)
        disclose(browser, admin)
        for record in Import.unscoped.all():
            for name in ("import_detail", "import_rows"):
                browser.get(reverse(name, args=[record.pk]))
        break_pages(browser, monkeypatch)
    _assert_it_all_happened(browser, emitted)
    output = capfd.readouterr()
    mails = [f"{message.subject} {message.body}" for message in mail.outbox]
    for mark in MARKS:
        assert tables_that_show(mark) == set()
        assert files_that_show(mark, tmp_path) == set()
        assert keys_that_show(mark, valkey) == set()
        for texts in (emitted, browser.addresses, browser.trouble, mails, [output.out], [output.err]):
            assert texts_that_show(mark, texts) == []
        assert texts_that_show(mark, caplog.text.splitlines()) == []


def _assert_it_all_happened(browser: Recording, emitted: list[str]) -> None:
    counts = Import.unscoped.order_by("pk").values_list("added", "quarantined")
    assert list(counts) == [(OTHERS + 1, 0), (0, 3), (0, 0), (OTHERS + 1, 2), (0, 0), (0, 0)]
    assert set(Job.unscoped.values_list("status", flat=True)) == {"done", "failed"}
    assert Message.unscoped.filter(status=Message.Status.DELIVERED).exists()
    assert len(emitted) > 6
    assert len(browser.trouble) == 5


# The search sees each kind of place.


@pytest.mark.django_db
def test_it_would_see_a_value_in_a_table(store: Store) -> None:
    Job.unscoped.create(kind="import", label=f"Call {PHONE}")
    assert tables_that_show(PHONE) == {"organization_job"}
    Member.unscoped.create(
        enrolment_store=store,
        home_store=store,
        enrolled_on=BORN,
        birth_date=BORN,
        row_digest=CARD.encode(),
    )
    assert tables_that_show(CARD) == {"members_member"}
    assert tables_that_show(store.name) == {"organization_store"}
    Job.unscoped.create(kind="import", label="a", log=BORN)
    assert tables_that_show(BORN) == {"organization_job"}


def test_it_would_see_a_value_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.bin").write_bytes(b"\0\xff" + NAME.encode() + b"\0")
    (tmp_path / f"{PHONE}.csv").touch()
    assert files_that_show(NAME, tmp_path) == {"a.bin"}
    assert files_that_show(PHONE, tmp_path) == {f"{PHONE}.csv"}


def test_it_would_see_a_value_in_valkey(valkey: Any) -> None:
    import base64

    for mark in (PHONE, NAME):
        valkey.flushdb()
        valkey.set("string", f"x {mark}")
        valkey.lpush("list", mark)
        valkey.hset("hash", "field", mark)
        valkey.sadd("set", mark)
        valkey.zadd("zset", {mark: 1})
        valkey.lpush("message", base64.b64encode(f'[[], {{"who": "{mark}"}}]'.encode()).decode())
        valkey.set("nothing", "13900000000")
        assert keys_that_show(mark, valkey) == {"string", "list", "hash", "set", "zset", "message"}


def test_it_would_see_a_value_in_an_address_or_a_page(client: Client, db: None) -> None:
    browser = Recording()
    browser.get("/nowhere/", {"phone": PHONE})
    assert texts_that_show(PHONE, browser.addresses) == [f"phone={PHONE}"]
    assert texts_that_show("404", [str(len(browser.trouble))]) == []
    assert len(browser.trouble) == 1


@pytest.mark.parametrize("quiet", [False, True])
def test_it_would_see_a_value_in_a_log_that_is_not_quiet(quiet: bool) -> None:
    printed = io.StringIO()
    handler = logging.StreamHandler(printed)
    if quiet:
        handler.addFilter(PlacesOnly())
    log = logging.Logger("of a test")
    log.addHandler(handler)
    try:
        raise ValueError(NAME) from KeyError(PHONE)
    except ValueError as fault:
        log.exception("It stopped: %s", fault)
        log.error("Task %(name)s: %(exc)s", {"name": "a", "exc": repr(fault)})
    for mark in (NAME, PHONE):
        assert (mark in printed.getvalue()) is not quiet
    assert "ValueError" in printed.getvalue()
    assert "test_leaks.py" in printed.getvalue()


def test_it_reports_faults_without_what_was_at_hand() -> None:
    shown = NothingShown()
    assert shown.get_post_parameters(None) == {}
    assert shown.get_traceback_frame_variables(None, None) == ()
    assert settings.DEFAULT_EXCEPTION_REPORTER_FILTER == "config.quiet.NothingShown"
    assert logging.getLogger("django").handlers == []
