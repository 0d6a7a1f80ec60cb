import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from organization.models import Job, Staff


@pytest.fixture
def mine(marketer: Staff) -> Job:
    return Job.unscoped.create(kind="import", label="Mine", asked_by=marketer, status="failed", error="Why")


@pytest.fixture
def another(admin: Staff) -> Job:
    return Job.unscoped.create(kind="nightly", label="Another", asked_by=admin)


def labels(client: Client, query: str = "") -> list[str]:
    return [job.label for job in client.get(f"/jobs/{query}").context["page"]]


def test_it_shows_all_to_admins_and_to_others_their_own(
    client: Client, mine: Job, another: Job, admin: Staff, marketer: Staff, manager: Staff
) -> None:
    client.force_login(admin)
    assert labels(client) == ["Another", "Mine"]
    client.force_login(marketer)
    assert labels(client) == ["Mine"]
    client.force_login(manager)
    assert labels(client) == []
    assert "No jobs yet" in client.get("/jobs/").content.decode()


@pytest.mark.parametrize(
    ("query", "found"), [("?status=failed", ["Mine"]), ("?kind=nightly", ["Another"]), ("?kind=x", [])]
)
def test_it_filters(
    query: str, found: list[str], client: Client, mine: Job, another: Job, admin: Staff
) -> None:
    client.force_login(admin)
    assert labels(client, query) == found


@pytest.mark.parametrize("path", ["", "progress/"])
def test_it_is_not_there_for_outsiders(
    path: str, client: Client, mine: Job, manager: Staff, marketer: Staff
) -> None:
    client.force_login(manager)
    assert client.get(f"/jobs/{mine.pk}/{path}").status_code == 404
    client.force_login(marketer)
    assert "Why" in client.get(f"/jobs/{mine.pk}/{path}").content.decode()


def test_it_runs_a_failed_job_again_for_who_asked(
    client: Client, mine: Job, manager: Staff, marketer: Staff
) -> None:
    client.force_login(manager)
    assert client.post(f"/jobs/{mine.pk}/retry/").status_code == 404
    client.force_login(marketer)
    assert client.get(f"/jobs/{mine.pk}/retry/").status_code == 405
    assert client.post(f"/jobs/{mine.pk}/retry/")["Location"] == f"/jobs/{mine.pk}/"
    assert Job.unscoped.get(pk=mine.pk).status == "queued"
    client.post(f"/jobs/{mine.pk}/retry/")
    assert "did not fail" in client.get(f"/jobs/{mine.pk}/").content.decode()


def test_it_asks_the_database_no_more_for_more_jobs(
    client: Client, admin: Staff, mine: Job, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(admin)
    for _ in range(2):
        # Session, person, open jobs of the navigation, count, page, kinds.
        with django_assert_num_queries(6):
            client.get("/jobs/")
        for number in range(30):
            Job.unscoped.create(kind=f"kind {number}", label="More", asked_by=admin)
