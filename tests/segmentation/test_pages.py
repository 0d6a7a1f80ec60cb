"""The segments page, the list behind its numbers, and the nights: who sees what, and what they say."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboards.segments.figures import profile_chart
from members.models import Member
from organization.models import AuditEvent, Job, Staff, Store
from segmentation import selectors
from segmentation.models import (
    CellTotal,
    ClusterModelRow,
    ClusterTotal,
    MemberScore,
    NightlyRun,
    NightlyStage,
    SegmentTotal,
)
from tests.conftest import make_member
from tests.segmentation.builders import NIGHT, days_before

MODEL = {
    "silhouette_": 0.36,
    "agreement_": 0.94,
    "centroids_": [[0], [1]],
    "k_scan_": [
        {"k": k, "silhouette": 0.3, "davies_bouldin": 1.0, "smallest_share": 0.1} for k in range(2, 6)
    ],
}
CLUSTERS = [
    {
        "share": 0.5,
        "profile": {"carton_share": 1.4, "evening_share": -0.8},
        "name": [["carton_share", "high"]],
    },
    {
        "share": 0.5,
        "profile": {"carton_share": -1.4, "evening_share": 0.8},
        "name": [["evening_share", "high"]],
    },
]


def a_score(
    member: Member, *, segment: str, r: int, f: int, cluster: int, spend: str = "100.00"
) -> MemberScore:
    return MemberScore.unscoped.create(
        member=member, first_day=NIGHT, last_day=NIGHT, lifetime_receipts=3, lifetime_spend=Decimal(100),
        receipts=3, spend=Decimal(100), purchase_days=3, packs=3, stores=1, home_store=member.home_store,
        r=r, f=f, m=3, segment=segment, value_class="111", cluster=cluster,
    )  # fmt: skip


@pytest.fixture
def night(store: Store, other_store: Store) -> NightlyRun:
    """Two champions in the east, one member at risk in the west; a month ago the east had one champion."""
    shares = {"r": [1, 0, 0, 0, 2], "f": [0, 0, 1, 0, 2], "m": [0, 0, 3, 0, 0]}
    run = NightlyRun.objects.create(
        as_of=NIGHT, published_at=timezone.now(), members_scored=3, score_shares=shares
    )
    NightlyRun.objects.create(as_of=days_before(30), published_at=timezone.now())
    ClusterModelRow.objects.create(run=run, model=MODEL, clusters=CLUSTERS, fitted_on=NIGHT)
    for place, number in ((store, 2), (other_store, 1)):
        segment, r, f = ("champions", 5, 5) if place == store else ("at_risk", 1, 3)
        spend = Decimal("100.00") * number
        SegmentTotal.unscoped.create(day=NIGHT, store=place, segment=segment, members=number, spend=spend)
        SegmentTotal.unscoped.create(day=days_before(30), store=place, segment=segment, members=1, spend=100)
        CellTotal.unscoped.create(store=place, r=r, f=f, members=number)
        ClusterTotal.unscoped.create(store=place, cluster=0, members=number, spend=spend)
        for _ in range(number):
            a_score(make_member(place), segment=segment, r=r, f=f, cluster=0)
    return run


@pytest.fixture
def logged_in(client: Client) -> Callable[[Staff], Client]:
    def log_in(staff: Staff) -> Client:
        client.force_login(staff)
        return client

    return log_in


LogIn = Callable[[Staff], Client]


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as made:
        assert client.get(url).status_code == 200
    return len(made)


def test_it_sums_what_a_person_may_see(night: NightlyRun, manager: Staff, admin: Staff) -> None:
    since = selectors.comparison_day(night)
    assert since == days_before(30)
    own = {size.code: size for size in selectors.segment_sizes(manager, run=night, since=since)}
    assert (own["champions"].members, own["champions"].change) == (2, 1)
    assert (own["at_risk"].members, own["at_risk"].change) == (0, 0)
    everything = {size.code: size for size in selectors.segment_sizes(admin, run=night, since=since)}
    assert everything["at_risk"].members == 1
    assert selectors.spend_per_year(Decimal(200), 2, run=night) == 100
    assert selectors.rf_cells(manager)[4][4] == 2
    assert sum(map(sum, selectors.rf_cells(manager))) == 2
    row = selectors.cluster_model(night)
    assert row is not None
    assert [cluster.members for cluster in selectors.clusters(manager, row=row)] == [2, 0]
    shares = selectors.score_shares(manager, run=night, cells=selectors.rf_cells(manager))
    assert shares == {"r": [0, 0, 0, 0, 2], "f": [0, 0, 0, 0, 2]}


def test_it_writes_no_number_for_a_cluster_that_lost_its_members() -> None:
    empty = selectors.Cluster(1, "B", False, 0, Decimal(0), {"gap_mean": None})
    full = selectors.Cluster(0, "A", False, 9, Decimal(9), {"gap_mean": -0.4})
    rows = profile_chart([full, empty]).rows
    assert [row.cells for row in rows] == [["A", "−0.4"], ["B", "–"]]


def test_it_shows_sizes_of_published_nights(night: NightlyRun, marketer: Staff) -> None:
    days, counts = selectors.sizes_over_time(marketer, run=night)
    assert days == [days_before(30), NIGHT]
    assert counts["champions"] == [1, 2]
    assert counts["at_risk"] == [0, 0]


@pytest.mark.parametrize("role", ["admin", "manager", "marketer", "approver"])
def test_it_shows_segments_to_every_role(
    night: NightlyRun, logged_in: LogIn, role: str, request: pytest.FixtureRequest
) -> None:
    page = logged_in(request.getfixturevalue(role)).get("/segments/").content.decode()
    assert "How is the member base spread?" in page
    assert "High carton share" in page
    assert "Nobody has Recency 1" in page if role != "admin" else "Nobody has Recency 2" in page
    sees_west = role == "admin"
    assert ("3 scored members" in page) == sees_west
    assert ("Rename a cluster" in page) == (role == "marketer")


def test_it_says_when_figures_come_before_the_first_night(
    logged_in: LogIn, manager: Staff, admin: Staff
) -> None:
    for url in ("/segments/", "/segments/members/"):
        assert "every morning after 03:30" in logged_in(manager).get(url).content.decode()
    assert 'href="/nights/"' in logged_in(admin).get("/segments/").content.decode()
    assert logged_in(admin).get("/segments/members.csv").status_code == 200


def test_it_stays_whole_with_a_night_of_nobody(logged_in: LogIn, manager: Staff) -> None:
    NightlyRun.objects.create(
        as_of=NIGHT, published_at=timezone.now(), score_shares={score: [0] * 5 for score in "rfm"}
    )
    page = logged_in(manager).get("/segments/").content.decode()
    assert "No member of your stores bought" in page
    assert "at least 100 members" in page


def test_it_lists_only_members_of_the_own_stores(
    night: NightlyRun, logged_in: LogIn, manager: Staff, other_store: Store
) -> None:
    page = logged_in(manager).get("/segments/members/").content.decode()
    stranger = Member.unscoped.get(home_store=other_store)
    assert page.count("M···") == 2
    assert stranger.label not in page
    assert "Store 0002" not in page
    assert "No member fits" in logged_in(manager).get("/segments/members/?segment=at_risk").content.decode()
    rows = b"".join(logged_in(manager).get("/segments/members.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert rows.count("\r\n") == 3
    assert "0002" not in rows.replace("M··· 0002", "")
    (event,) = AuditEvent.unscoped.filter(code="member.list_exported")
    assert (event.actor, event.data) == (manager, {"rows": 2})
    foreign = f"/segments/members/?store={other_store.pk}"
    assert "M···" not in logged_in(manager).get(foreign).content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 3),
        ("segment=at_risk", 1),
        ("r=5&f=5", 2),
        ("value_class=111", 3),
        ("value_class=000", 0),
        ("value_class=211", 0),
        ("cluster=0", 3),
        ("cluster=1", 0),
        ("cluster=nonsense", 0),
        ("r=9", 0),
        ("q=words", 0),
        ("sort=nonsense", 3),
    ],
)
def test_it_narrows_the_list(
    night: NightlyRun, logged_in: LogIn, admin: Staff, query: str, found: int
) -> None:
    page = logged_in(admin).get(f"/segments/members/?{query}").content.decode()
    assert page.count('/">M···') == found


def test_it_finds_a_member_by_the_digits_shown(night: NightlyRun, logged_in: LogIn, admin: Staff) -> None:
    member = Member.unscoped.latest("pk")
    page = logged_in(admin).get("/segments/members/", {"q": member.label}).content.decode()
    assert page.count('/">M···') == 1


def test_it_sorts_the_list(night: NightlyRun, logged_in: LogIn, admin: Staff) -> None:
    first, *_rest, last = MemberScore.unscoped.order_by("pk")
    MemberScore.unscoped.filter(pk=last.pk).update(spend=999)
    MemberScore.unscoped.filter(pk=first.pk).update(spend=1)
    page = logged_in(admin).get("/segments/members/?sort=-spend").content.decode()
    assert page.index(last.member.label) < page.index(first.member.label)
    page = logged_in(admin).get("/segments/members/?sort=spend").content.decode()
    assert page.index(first.member.label) < page.index(last.member.label)


def test_it_lets_a_marketer_name_a_cluster(night: NightlyRun, logged_in: LogIn, marketer: Staff) -> None:
    client = logged_in(marketer)
    assert client.post("/segments/clusters/0/name/", {"name": "<b>整条客</b>"}).status_code == 302
    page = client.get("/segments/").content.decode()
    assert "&lt;b&gt;整条客" in page
    assert "<b>整条客" not in page
    assert AuditEvent.unscoped.get(code="cluster.renamed").after["name"] == "<b>整条客</b>"
    client.post("/segments/clusters/0/name/", {"name": ""})
    assert "整条客" not in client.get("/segments/members/").content.decode()
    assert client.post("/segments/clusters/7/name/", {"name": "x"}).status_code == 404


@pytest.mark.parametrize("role", ["admin", "manager", "approver"])
def test_it_forbids_others_to_name_a_cluster(
    night: NightlyRun, logged_in: LogIn, role: str, request: pytest.FixtureRequest
) -> None:
    client = logged_in(request.getfixturevalue(role))
    assert client.post("/segments/clusters/0/name/", {"name": "x"}).status_code == 403


@pytest.mark.parametrize("role", ["marketer", "manager", "approver"])
def test_it_keeps_nights_for_admins(logged_in: LogIn, role: str, request: pytest.FixtureRequest) -> None:
    client = logged_in(request.getfixturevalue(role))
    job = Job.unscoped.create(kind="nightly", label="a night")
    assert client.get("/nights/").status_code == 403
    assert client.post("/nights/", {"as_of": "2025-06-30"}).status_code == 403
    assert client.get(f"/nights/jobs/{job.pk}/").status_code == 403
    assert client.post(f"/nights/jobs/{job.pk}/retry/").status_code == 403


def test_it_starts_a_night_and_shows_its_progress(logged_in: LogIn, admin: Staff) -> None:
    client = logged_in(admin)
    page = client.get("/nights/").content.decode()
    yesterday = timezone.localdate() - timedelta(days=1)
    assert f'value="{yesterday.isoformat()}"' in page
    assert "Import sales" in page
    assert client.post("/nights/", {"as_of": "2025-06-30"}).status_code == 302
    job = Job.unscoped.get(kind="nightly", asked_by=admin)
    assert AuditEvent.unscoped.get(code="night.asked", actor=admin).object_id == job.pk
    page = client.get("/nights/").content.decode()
    assert f'hx-get="/nights/jobs/{job.pk}/"' in page
    assert client.post("/nights/", {"as_of": "0001-01-01"}).status_code == 422
    refused = client.post("/nights/", {"as_of": "2025-06-30"})
    assert refused.status_code == 422
    assert "already" in refused.content.decode()
    assert client.get(f"/nights/jobs/{job.pk}/").status_code == 200
    Job.unscoped.update(status="done")
    assert client.get(f"/nights/jobs/{job.pk}/").headers["HX-Refresh"] == "true"


def test_it_runs_a_failed_night_again(logged_in: LogIn, admin: Staff) -> None:
    job = Job.unscoped.create(kind="nightly", label="a night", status="failed", error="no luck")
    client = logged_in(admin)
    assert "no luck" in client.get("/nights/").content.decode()
    client.post(f"/nights/jobs/{job.pk}/retry/")
    job.refresh_from_db()
    assert job.status == Job.Status.QUEUED
    assert AuditEvent.unscoped.get(code="job.retried").actor == admin
    other = Job.unscoped.create(kind="import", label="not a night", status="failed")
    assert client.post(f"/nights/jobs/{other.pk}/retry/").status_code == 404


def test_it_lists_nights_with_their_stages(night: NightlyRun, logged_in: LogIn, admin: Staff) -> None:
    begun = timezone.now()
    NightlyStage.objects.create(
        run=night, name="facts", status="done", started_at=begun, finished_at=begun + timedelta(seconds=12.3)
    )
    page = logged_in(admin).get("/nights/").content.decode()
    assert "Member facts 12.3" in page
    assert NIGHT.isoformat() in page


def test_it_makes_few_queries(night: NightlyRun, logged_in: LogIn, marketer: Staff, store: Store) -> None:
    client = logged_in(marketer)
    few = {url: queries(client, url) for url in ("/segments/", "/segments/members/")}
    for number in range(20):
        a_score(make_member(store), segment="loyal", r=4, f=4, cluster=number % 2)
    assert {url: queries(client, url) for url in few} == few
    assert few["/segments/"] <= 14
    assert few["/segments/members/"] <= 12


def test_it_starts_a_night_that_looks_at_everybody(logged_in: LogIn, admin: Staff) -> None:
    assert logged_in(admin).post("/nights/", {"as_of": "2025-06-30", "full": "on"}).status_code == 302
    assert Job.unscoped.get().payload == {"as_of": "2025-06-30", "full": True}
