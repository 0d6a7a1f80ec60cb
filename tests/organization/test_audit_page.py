from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.http import StreamingHttpResponse
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from organization.models import AuditCheck, AuditEvent, Job, Staff
from organization.services import audit
from organization.trail.selectors import PER_PAGE

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def job(marketer: Staff) -> Job:
    return Job.unscoped.create(kind="import", label="A file", asked_by=marketer)


@pytest.fixture
def page(client: Client, admin: Staff, marketer: Staff, job: Job) -> Any:
    """Asks for the page as an admin; three events are there, on three days."""
    acts = [
        (marketer, "campaign.started", None, {}),
        (None, "job.retried", job, {"kind": "import"}),
        (admin, "night.asked", job, {"as_of": "2026-05-05"}),
    ]
    for day, (actor, code, on, data) in enumerate(acts):
        with time_machine.travel(NOON + timedelta(days=day), tick=False):
            audit(actor=actor, code=code, on=on, data=data)
    client.force_login(admin)
    return lambda query="": client.get(f"/audit/{query}")


def codes(response: Any) -> list[str]:
    return [shown.event.code for shown in response.context["events"]]


def test_it_shows_the_newest_first(page: Any) -> None:
    assert codes(page())[:3] == ["night.asked", "job.retried", "campaign.started"]
    assert "Night asked for" in page().content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?who=admi", ["night.asked"]),
        ("?who=nobody", []),
        ("?group=campaign", ["campaign.started"]),
        ("?kind=organization.job&since=2026-05-06", ["night.asked"]),
        ("?since=2026-05-05&until=2026-05-05", ["job.retried"]),
        ("?until=2026-05-04", ["campaign.started"]),
        ("?until=9999-12-31&since=2026-05-06&group=night", ["night.asked"]),
        ("?q=Job run", ["job.retried"]),
        ("?q=marketer", ["campaign.started"]),
        ("?since=2026-13-45&q=campaign.", ["campaign.started"]),
        ("?id=x", []),
    ],
)
def test_it_filters(page: Any, query: str, found: list[str]) -> None:
    assert codes(page(query)) == found


def test_it_finds_everything_done_to_one_object(page: Any, job: Job) -> None:
    assert codes(page(f"?kind=organization.job&id={job.pk}")) == ["night.asked", "job.retried"]
    assert codes(page("?kind=organization.job&id=999999999")) == []


def test_it_shows_old_and_new_in_the_words_of_the_account_page(page: Any, admin: Staff) -> None:
    audit(
        actor=None,
        code="staff.created",
        on=admin,
        before={"role": "manager", "stores": ["0001"], "note": ""},
        after={"role": "admin", "stores": [], "note": "x"},
    )
    text = page().content.decode()
    assert "<del>Store manager</del> → Admin" in text
    assert "<del>0001</del> → –" in text and "<del>–</del> → x" in text


@pytest.mark.usefixtures("page")
def test_it_names_values_in_the_reader_s_language(client: Client, admin: Staff, job: Job) -> None:
    audit(actor=admin, code="job.cancelled", on=job, data={"kind": "import", "was": "running"})
    audit(actor=admin, code="audit.exported", data={"group": "staff", "since": "2026-05-01"})
    page = client.get("/audit/", HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()
    text = " ".join(strip_tags(page).split())
    for shown in ("类型 导入", "原状态 进行中", "范围 账号", "起始日 2026-05-01"):
        assert shown in text


def test_it_links_an_object_to_its_page(page: Any, job: Job) -> None:
    assert f'<a href="/jobs/{job.pk}/">Job {job.pk}</a>' in page().content.decode()


def test_it_shows_an_event_whose_code_and_object_are_not_known_any_more(page: Any) -> None:
    AuditEvent.unscoped.create(
        code="old.gone", object_type="old.thing", object_id=7, data={"some_key": {"a_b": 1}}
    )
    text = page().content.decode()
    assert "old.gone" in text and "old.thing 7" in text and "some key" in text and "a b 1" in text


def test_it_goes_from_page_to_page_and_back(page: Any, admin: Staff) -> None:
    AuditEvent.unscoped.bulk_create(AuditEvent(code="staff.created") for _ in range(2 * PER_PAGE))
    first = page()
    second = page(f"?below={first.context['page'].older}")
    third = page(f"?below={second.context['page'].older}")
    numbers = [shown.event.pk for answer in (first, second, third) for shown in answer.context["events"]]
    assert numbers == list(AuditEvent.unscoped.order_by("-pk").values_list("pk", flat=True))
    assert first.context["page"].newer is None and third.context["page"].older is None
    back = page(f"?above={third.context['page'].newer}")
    assert [shown.event.pk for shown in back.context["events"]] == numbers[PER_PAGE : 2 * PER_PAGE]
    assert page("?below=1").context["page"].older is None


def test_it_says_whether_the_log_is_whole(page: Any) -> None:
    assert "verified every night" in page().content.decode()
    AuditCheck.unscoped.create(seq=12345, hash="ab" * 32)
    text = page().content.decode()
    assert "The log is whole as of" in text and "12,345 entries" in text and "12345:abab" in text
    broken = [{"kind": "removed", "seq": 3, "event": 8, "last": 0}]
    AuditCheck.unscoped.create(seq=12345, hash="ab" * 32, breaks=broken, break_count=1)
    text = page().content.decode()
    assert "The log is not as it was written" in text and "Event 8, sealed as number 3, was removed." in text


def test_it_says_what_an_empty_page_means(page: Any, client: Client) -> None:
    assert "No entry fits all of this" in page("?group=nothing&q=x").content.decode()


def test_it_downloads_what_the_filters_let_through_and_notes_that(page: Any, client: Client) -> None:
    response = client.get("/audit/audit.csv?group=night")
    assert isinstance(response, StreamingHttpResponse)
    lines = response.getvalue().decode("utf-8-sig").splitlines()
    assert len(lines) == 2 and lines[0].startswith("Number,When,Who")
    assert "2026-05-06T12:00:00+08:00,admin,night.asked,Night asked for" in lines[1]
    assert lines[1].endswith("as of: 2026-05-05")
    event = AuditEvent.unscoped.get(code="audit.exported")
    assert event.data == {"group": "night"}


def test_it_asks_the_database_no_more_for_more_events(
    page: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        # Session, person, last check, open jobs of the navigation, page.
        with django_assert_num_queries(5):
            page()
        AuditEvent.unscoped.bulk_create(AuditEvent(code="staff.created") for _ in range(200))
