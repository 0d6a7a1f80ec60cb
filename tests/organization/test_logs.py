"""The log: a line for each request and each job, with ids; never an address or a value."""

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery.signals import task_prerun
from django.test import Client
from pytest_django import Settings
from structlog.contextvars import bound_contextvars, clear_contextvars, get_contextvars

from organization import jobs
from organization.logs.lines import logging_config
from organization.models import Staff
from organization.tasks import run_job

PHONE = "13800138000"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """All that is written from here on, as production writes it."""
    made = logging_config(is_json=True, level="INFO")["formatters"]["line"]
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    factory = made.pop("()")
    handler.setFormatter(factory(**made))
    root, ours = logging.getLogger(), logging.getLogger("huiyan")
    before = ours.level
    ours.setLevel("INFO")
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in text.getvalue().splitlines()]
    root.removeHandler(handler)
    ours.setLevel(before)
    clear_contextvars()


def test_it_writes_one_line_for_a_request(client: Client, admin: Staff, lines: Lines) -> None:
    client.force_login(admin)
    answer = client.get("/jobs/", {"kind": PHONE})
    (line,) = lines()
    assert line.keys() >= {"timestamp", "level", "ms"}
    assert (line["event"], line["method"], line["route"], line["status"]) == ("request", "GET", "jobs", 200)
    assert line["staff"] == admin.pk
    assert line["request_id"] == answer["X-Request-ID"]
    assert PHONE not in json.dumps(lines())


def test_it_writes_no_address_of_a_page_that_is_not_there(client: Client, admin: Staff, lines: Lines) -> None:
    client.force_login(admin)
    client.get(f"/nowhere/{PHONE}/")
    (line,) = lines()
    assert (line["status"], line["route"]) == (404, None)
    assert PHONE not in json.dumps(line)


def test_it_tells_a_fault_without_its_text(
    client: Client, admin: Staff, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_named: Any) -> None:
        raise ValueError(f"bad phone {PHONE}")

    monkeypatch.setattr("organization.selectors.jobs", fail)
    client.force_login(admin)
    client.raise_request_exception = False
    assert client.get("/jobs/", {"kind": PHONE}).status_code == 500
    failed, request = lines()
    assert (failed["fault"], failed["route"]) == ("ValueError", "jobs")
    assert any("organization/views/jobs.py" in place for place in failed["places"])
    assert request["status"] == 500
    assert failed["request_id"] == request["request_id"]
    assert PHONE not in json.dumps(lines())


def test_it_tells_a_fault_of_a_library_without_its_text(lines: Lines) -> None:
    try:
        raise ValueError(PHONE)
    except ValueError:
        logging.getLogger("some.library").exception("it failed")
    (line,) = lines()
    assert (line["event"], line["fault"]) == ("it failed", "ValueError")
    assert PHONE not in json.dumps(line)


@pytest.mark.parametrize(
    ("given", "https", "kept"),
    [
        ("0af7651916cd43dd8448eb211c80319c", True, True),
        ("0af76519-16cd-43dd-8448-eb211c80319c", True, True),
        ("0af7651916cd43dd8448eb211c80319c", False, False),
        (PHONE, True, False),
        ("x\ny" * 9, True, False),
    ],
)
def test_it_takes_an_id_of_a_proxy_only(
    client: Client, settings: Settings, db: None, given: str, https: bool, kept: bool
) -> None:
    settings.HTTPS = https
    answer = client.get("/login/", HTTP_X_REQUEST_ID=given)
    assert (answer["X-Request-ID"] == given) is kept
    assert len(answer["X-Request-ID"]) >= 32


def test_it_writes_a_line_for_a_job_with_its_ids(
    db: None, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(jobs._handlers, "import", lambda job, progress: None)
    job = jobs.job_create(kind="import", label="x", payload={"import": 7}, asked_by=None)
    with bound_contextvars(request_id="abc"):
        jobs.job_run(job.pk)
    (line,) = lines()
    assert (line["event"], line["job"], line["import_id"]) == ("job", job.pk, 7)
    assert (line["status"], line["request_id"], line["kind"]) == ("done", "abc", "import")


def test_it_tells_a_fault_of_a_job_without_its_text(
    db: None, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any) -> None:
        raise ValueError(f"duplicate phone {PHONE}")

    monkeypatch.setitem(jobs._handlers, "look", fail)
    job = jobs.job_create(kind="look", label="x", payload={}, asked_by=None)
    jobs.job_run(job.pk)
    stopped, ended = lines()
    assert (stopped["fault"], stopped["job"], ended["status"]) == ("ValueError", job.pk, "failed")
    job.refresh_from_db()
    assert PHONE not in json.dumps(lines()) + job.log + job.error


def test_it_carries_the_id_of_the_request_to_its_task() -> None:
    from organization.logs.tasks import _travel

    headers: dict[str, Any] = {}
    with bound_contextvars(request_id="abc"):
        _travel.receiver_before_task_publish(headers=headers)
    clear_contextvars()
    run_job.push_request(**headers)
    try:
        task_prerun.send(sender=run_job, task_id="t", task=run_job)
    finally:
        run_job.pop_request()
    assert get_contextvars()["request_id"] == "abc"
