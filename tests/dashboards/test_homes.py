"""The home of each role: its figures, its words, and that nobody sees another's stores."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from redis.exceptions import ConnectionError as NobodyThere

from campaigns.models import ArmTotal, Campaign
from members.models import AgeVerification, Consent, Member
from organization.models import Import, Job, Role, Source, Staff, Store
from organization.services import company_save, staff_create
from sales.models import StoreDay, StoreHour
from segmentation.models import MemberScore, NightlyRun, SegmentTotal
from tests.conftest import make_member, make_store
from tests.organization.test_company import FIELDS as COMPANY
from tests.segmentation.builders import a_receipt

DAY = date(2026, 11, 20)  # a Friday
MORNING = datetime(2026, 11, 20, 22, tzinfo=UTC)  # Saturday 06:00 in Shanghai


@pytest.fixture(autouse=True)
def _saturday_morning() -> Iterator[None]:
    cache.clear()
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def night(db: None) -> NightlyRun:
    return NightlyRun.objects.create(as_of=DAY, published_at=MORNING, members_scored=1)


def make_day(store: Store, day: date, **fields: Any) -> StoreDay:
    values: dict[str, Any] = {
        "sales": Decimal(1000),
        "receipts": 20,
        "packs": 30,
        "member_sales": Decimal(500),
        "member_receipts": 10,
        "buyers": 8,
        "repeat_buyers": 4,
        "active_members": 100,
    }
    return StoreDay.unscoped.create(store=store, day=day, **{**values, **fields})


def make_weeks(store: Store, **last: Any) -> None:
    """Four equal Fridays, and the last one as given."""
    for weeks in range(1, 5):
        make_day(store, DAY - timedelta(weeks=weeks))
    make_day(store, DAY, **last)


def make_hours(store: Store, day: date, receipts: dict[int, int]) -> None:
    for hour, n in receipts.items():
        StoreHour.unscoped.create(store=store, day=day, hour=hour, receipts=n, member_receipts=0, sales=0)


def make_score(store: Store, segment: str, spend: int) -> Member:
    member = make_member(store)
    MemberScore.unscoped.create(
        member=member,
        segment=segment,
        last_day=DAY - timedelta(days=41),
        gap_mean=6.2,
        r=2,
        f=4,
        m=4,
        lifetime_receipts=9,
        lifetime_spend=spend,
        receipts=9,
        spend=spend,
        purchase_days=9,
        packs=9,
        stores=1,
    )
    return member


def make_running(store: Store, treated: tuple[int, int], held: tuple[int, int]) -> Campaign:
    """A running campaign with (buyers, members) of both arms in one store."""
    campaign = Campaign.unscoped.create(
        name="Drinks voucher",
        channel="sms",
        offer="第二件半价",
        holdout_share="0.5",
        status=Campaign.Status.RUNNING,
        starts_on=DAY,
        ends_on=DAY + timedelta(days=20),
    )
    campaign.stores.add(store)
    for is_treated, (buyers, n) in ((True, treated), (False, held)):
        sums = {"sum_y": 0, "sum_yy": 0, "sum_x": 0, "sum_xx": 0, "sum_xy": 0}
        ArmTotal.unscoped.create(
            campaign=campaign, store=store, treated=is_treated, n=n, buyers=buyers, **sums
        )
    return campaign


def home(client: Client, staff: Staff) -> Any:
    client.force_login(staff)
    response = client.get("/")
    assert response.status_code == 200
    return response


def tiles(response: Any) -> dict[str, Any]:
    return {tile.name: tile for tile in response.context["tiles"]}


def test_it_compares_a_day_with_the_same_weekdays(
    client: Client, manager: Staff, store: Store, night: NightlyRun
) -> None:
    make_weeks(store, member_sales=Decimal(600), buyers=10, repeat_buyers=4, active_members=118)
    found = tiles(home(client, manager))
    assert (found["Repeat-purchase rate"].value, found["Repeat-purchase rate"].delta) == ("40.0%", "−10.0 pt")
    assert found["Repeat-purchase rate"].tone == "bad"
    assert (found["Member ticket"].value, found["Member ticket"].delta) == ("¥60.00", "+¥10.00")
    assert (found["Member share of sales"].value, found["Member share of sales"].tone) == ("60.0%", "good")
    assert (found["Active members, 30 days"].value, found["Active members, 30 days"].delta) == ("118", "+18")


def test_it_weighs_weeks_by_their_sums_not_by_their_ratios(
    client: Client, manager: Staff, store: Store, night: NightlyRun
) -> None:
    make_day(store, DAY - timedelta(weeks=1), buyers=90, repeat_buyers=90)
    make_day(store, DAY - timedelta(weeks=2), buyers=10, repeat_buyers=0)
    make_day(store, DAY, buyers=10, repeat_buyers=9)
    tile = tiles(home(client, manager))["Repeat-purchase rate"]
    assert (tile.value, tile.delta, tile.tone) == ("90.0%", "+0.0 pt", "")


def test_it_never_adds_up_active_members(client: Client, manager: Staff, night: NightlyRun) -> None:
    stores = [
        *manager.stores.all(),
        make_store(manager.stores.get().region, "0003"),
        make_store(manager.stores.get().region, "0004"),
    ]
    manager.stores.set(stores)
    for store, active in zip(stores, (90, 300, 120), strict=True):
        make_weeks(store, active_members=active)
    response = home(client, manager)
    assert tiles(response)["Active members, 30 days"].value == "90–300"
    assert response.context["title"] == "Good morning, 3 stores"


def test_it_counts_what_a_store_without_receipts_gave_back(
    client: Client, manager: Staff, store: Store, night: NightlyRun
) -> None:
    closed = make_store(store.region, "0003")
    manager.stores.add(closed)
    make_weeks(store, sales=Decimal(900), member_sales=Decimal(600))
    returns = {"sales": Decimal(-100), "member_sales": Decimal(-100), "active_members": 40}
    make_day(closed, DAY, receipts=0, member_receipts=0, buyers=0, repeat_buyers=0, **returns)
    # After its last sale a closed store has only its active members; such a day is no day with figures.
    make_day(closed, DAY - timedelta(days=1), receipts=0, sales=0, member_sales=0)
    response = home(client, manager)
    found = tiles(response)
    assert response.context["answer"].startswith("¥800, 20% below a usual Friday.")
    assert (found["Member share of sales"].value, found["Member ticket"].value) == ("62.5%", "¥50.00")
    assert found["Active members, 30 days"].value == "40–100"


def test_it_names_the_hours_that_stand_out(
    client: Client, manager: Staff, store: Store, night: NightlyRun
) -> None:
    make_weeks(store, sales=Decimal(800), receipts=16)
    for weeks in range(1, 5):
        make_hours(store, DAY - timedelta(weeks=weeks), {9: 10, 18: 20, 19: 20})
    make_hours(store, DAY, {9: 9, 18: 4, 19: 5})
    response = home(client, manager)
    said = response.context["answer"]
    assert said == "¥800, 20% below a usual Friday. 18:00–20:00: 31 receipts fewer."
    bars = response.context["chart"].figure["data"][0]
    marked = [
        hour for hour, colour in zip(bars["x"], bars["marker"]["color"], strict=True) if "bad" in colour
    ]
    assert marked == [18, 19]


def test_it_says_when_receipts_were_smaller_rather_than_fewer(
    client: Client, manager: Staff, store: Store, night: NightlyRun
) -> None:
    make_weeks(store, sales=Decimal(500), receipts=20)
    said = home(client, manager).context["answer"]
    assert said == "¥500, 50% below a usual Friday. Less on each of the 20 receipts: ¥25 instead of ¥50."


def test_it_says_so_of_a_single_receipt(
    client: Client, manager: Staff, store: Store, night: NightlyRun
) -> None:
    make_day(store, DAY - timedelta(weeks=1), sales=Decimal(50), receipts=1)
    make_day(store, DAY, sales=Decimal(20), receipts=1)
    said = home(client, manager).context["answer"]
    assert said == "¥20, 60% below a usual Friday. Less on the 1 receipt: ¥20 instead of ¥50."


def test_it_measures_no_share_of_a_day_on_which_more_was_returned_than_sold(
    client: Client, manager: Staff, store: Store, night: NightlyRun
) -> None:
    make_day(store, DAY - timedelta(weeks=1), sales=Decimal(-50), receipts=1)
    make_day(store, DAY)
    assert home(client, manager).context["answer"].startswith("¥1,000. There is no earlier Friday")


def test_it_puts_hours_after_midnight_last(
    client: Client, manager: Staff, store: Store, night: NightlyRun
) -> None:
    store.closing_hour = 2
    store.save()
    make_weeks(store)
    make_hours(store, DAY, {22: 1, 23: 2, 1: 3})
    chart = home(client, manager).context["chart"]
    assert chart.figure["data"][0]["y"] == [1, 2, 0, 3]
    assert [row.cells[0] for row in chart.rows] == ["22:00", "23:00", "00:00", "01:00"]


def test_it_lists_regulars_who_have_gone_quiet(
    client: Client, manager: Staff, store: Store, other_store: Store, night: NightlyRun
) -> None:
    make_weeks(store)
    least = make_score(store, "at_risk", 100)
    most = make_score(store, "cant_lose", 900)
    make_score(store, "champions", 5000)
    make_score(other_store, "at_risk", 7000)
    for segment, spend in (("at_risk", 100), ("cant_lose", 900)):
        SegmentTotal.unscoped.create(day=DAY, store=store, segment=segment, members=1, spend=spend)
    SegmentTotal.unscoped.create(day=DAY, store=other_store, segment="at_risk", members=1, spend=7000)
    response = home(client, manager)
    rows = response.context["regulars"]
    assert [row.score.member_id for row in rows] == [most.pk, least.pk]
    assert (rows[0].silent, rows[0].usually, rows[0].spend) == (41, 6, "¥900")
    assert response.context["quiet_answer"] == "2 members, ¥1,000 in the last 365 days."


def test_it_tells_the_conversion_of_the_own_stores_only(
    client: Client, manager: Staff, store: Store, other_store: Store, night: NightlyRun
) -> None:
    make_weeks(store)
    campaign = make_running(store, treated=(8, 100), held=(5, 100))
    campaign.stores.add(other_store)
    sums = {"sum_y": 0, "sum_yy": 0, "sum_x": 0, "sum_xx": 0, "sum_xy": 0}
    ArmTotal.unscoped.create(campaign=campaign, store=other_store, treated=True, n=1000, buyers=900, **sums)
    response = home(client, manager)
    tile = tiles(response)["Campaign conversion"]
    assert (tile.value, tile.note) == ("8.0%", "held out 5.0% · Drinks voucher")
    assert "8 of 100 have bought" in response.content.decode()


def test_it_compares_no_groups_that_are_not_as_planned(
    client: Client, manager: Staff, marketer: Staff, store: Store, night: NightlyRun
) -> None:
    make_weeks(store)
    SegmentTotal.unscoped.create(day=DAY, store=store, segment="at_risk", members=1, spend=100)
    campaign = make_running(store, treated=(8, 100), held=(40, 400))
    ArmTotal.unscoped.filter(campaign=campaign).update(sum_y=1000, sum_yy=900_000)
    assert tiles(home(client, manager))["Campaign conversion"].note == "Drinks voucher"
    assert home(client, marketer).context["campaigns"][0].difference == ""


def test_it_shows_a_manager_nothing_of_another_store(
    client: Client, manager: Staff, other_store: Store, night: NightlyRun
) -> None:
    make_weeks(other_store)
    make_score(other_store, "at_risk", 7000)
    make_running(other_store, treated=(8, 100), held=(5, 100))
    response = home(client, manager)
    assert "tiles" not in response.context
    assert "There is nothing of your stores yet" in response.content.decode()


def test_it_says_that_the_last_day_is_missing(
    client: Client, manager: Staff, store: Store, night: NightlyRun
) -> None:
    make_day(store, DAY - timedelta(days=2))
    page = home(client, manager).content.decode()
    assert "No receipts of Friday 20 November have arrived." in page
    assert "What changed on Wednesday 18 November?" in page


def test_it_waits_for_the_first_night(client: Client, manager: Staff, marketer: Staff) -> None:
    for staff in (manager, marketer):
        assert "No night has been made yet" in home(client, staff).content.decode()


def test_it_tells_a_marketer_who_can_be_reached(
    client: Client, marketer: Staff, store: Store, other_store: Store, night: NightlyRun
) -> None:
    SegmentTotal.unscoped.create(day=DAY, store=store, segment="loyal", members=2, spend=10)
    reachable, unverified = make_member(store), make_member(store)
    make_member(other_store)
    AgeVerification.unscoped.create(member=reachable, method="id", verified_at=MORNING, clerk="7")
    for member in (reachable, unverified):
        Consent.unscoped.create(
            member=member, channel="sms", purpose="marketing", granted=True, at=MORNING, source="form"
        )
    response = home(client, marketer)
    found = tiles(response)
    assert (found["Age verified"].value, found["Can be reached"].value) == ("50.0%", "50.0%")
    rows = {row.label: row.numbers for row in response.context["reach"]}
    assert rows["Age not verified, or too young"][0] == "−1"
    assert rows["Can be reached"] == ["1", "0", "0"]


def test_it_shows_which_segments_moved(
    client: Client, marketer: Staff, store: Store, night: NightlyRun
) -> None:
    before = DAY - timedelta(days=31)
    NightlyRun.objects.create(as_of=before, published_at=MORNING)
    for day, loyal, at_risk in ((before, 50, 10), (DAY, 40, 25)):
        SegmentTotal.unscoped.create(day=day, store=store, segment="loyal", members=loyal, spend=1)
        SegmentTotal.unscoped.create(day=day, store=store, segment="at_risk", members=at_risk, spend=1)
    movers = home(client, marketer).context["movers"]
    assert [(mover.size.code, mover.change, mover.tone) for mover in movers] == [
        ("at_risk", "+15", "bad"),
        ("loyal", "−10", "bad"),
    ]


def test_only_a_marketer_may_begin_a_campaign(
    client: Client, marketer: Staff, approver: Staff, store: Store, night: NightlyRun
) -> None:
    SegmentTotal.unscoped.create(day=DAY, store=store, segment="loyal", members=2, spend=10)
    assert "/campaigns/new/" in home(client, marketer).content.decode()
    assert "/campaigns/new/" not in home(client, approver).content.decode()


def test_it_tells_an_admin_what_is_missing(
    client: Client, admin: Staff, store: Store, other_store: Store, night: NightlyRun
) -> None:
    make_weeks(store)
    job = Job.unscoped.create(
        kind="import", label="sales.csv", status=Job.Status.FAILED, error="The file is empty."
    )
    Import.unscoped.create(
        kind="sales", source=Source.objects.create(name="POS"), file_name="sales.csv", job=job,
        read=10, added=8, quarantined=2,
    )  # fmt: skip
    response = home(client, admin)
    found = tiles(response)
    assert found["Stores without receipts"].value == "1"
    assert response.context["silent"] == [other_store]
    assert (found["Rows to fix"].value, found["Failed jobs"].value) == ("2", "1")
    assert "The file is empty." in response.content.decode()
    assert response.context["late"] == ""


def test_it_proposes_to_invite_others_while_an_admin_is_alone(
    client: Client, admin: Staff, night: NightlyRun
) -> None:
    assert 'id="alone"' in home(client, admin).content.decode()
    staff_create(username="wang", password="pw", role=Role.MARKETER)
    assert 'id="alone"' not in home(client, admin).content.decode()


def test_it_names_a_file_that_was_only_checked(
    client: Client, admin: Staff, store: Store, night: NightlyRun
) -> None:
    source, _made = Source.objects.get_or_create(name="POS")
    job = Job.unscoped.create(kind="import", label="A file", status=Job.Status.DONE)
    Import.unscoped.create(kind="sales", source=source, file_name="a.csv", job=job, checked_at=MORNING)
    page = home(client, admin).content.decode()
    assert '<span class="pill now">Checked</span>' in page and "Done</span>" not in page


def test_it_tells_an_admin_that_nights_are_missing(client: Client, admin: Staff, night: NightlyRun) -> None:
    with time_machine.travel(MORNING + timedelta(days=2), tick=False):
        response = home(client, admin)
    assert response.context["late"] == (
        "The last night is of Friday 20 November 2026; that of Sunday 22 November has not been made yet."
    )


def test_it_leads_an_admin_of_an_empty_company(client: Client, admin: Staff) -> None:
    response = home(client, admin)
    assert "Let us bring your chain in" in response.content.decode()
    steps = response.context["steps"]
    assert [step.title for step in steps] == ["Company", "Stores", "Products", "Members", "Sales"]
    assert [step.is_done for step in steps] == [False] * 5
    assert response.context["night"] is None


def test_it_goes_on_with_what_is_missing(client: Client, admin: Staff, store: Store) -> None:
    company_save(actor=admin, fields={**COMPANY, "language": "en"})  # type: ignore[typeddict-item]
    assert home(client, admin).context["next"].title == "Products"


def test_it_offers_the_first_night_once_receipts_are_here(client: Client, admin: Staff, store: Store) -> None:
    a_receipt(store, date(2026, 3, 2))
    response = home(client, admin)
    assert response.context["night"] == date(2026, 3, 2)
    assert "/first-steps/night/" in response.content.decode()
    client.post("/first-steps/night/")
    job = Job.unscoped.get(kind="nightly")
    assert job.payload == {"as_of": "2026-03-02"}
    assert home(client, admin).context["job"] == job
    client.post("/first-steps/night/")
    assert Job.unscoped.count() == 1


def test_it_looks_no_further_than_yesterday(client: Client, admin: Staff, store: Store) -> None:
    a_receipt(store, date(2026, 3, 2))
    with time_machine.travel("2026-03-02T12:00+08:00"):
        assert home(client, admin).context["night"] == date(2026, 3, 1)


def test_it_makes_no_first_night_of_nothing(client: Client, admin: Staff) -> None:
    client.force_login(admin)
    page = client.post("/first-steps/night/", follow=True)
    assert "There are no receipts yet" in page.content.decode()
    assert not Job.unscoped.exists()


def test_it_refuses_an_account_without_a_role(client: Client, db: None) -> None:
    client.force_login(staff_create(username="nobody", password="pw", role=""))
    assert client.get("/").status_code == 403


@pytest.mark.parametrize(
    ("role", "queries"), [(Role.MANAGER, 11), (Role.MARKETER, 14), (Role.APPROVER, 14), (Role.ADMIN, 13)]
)
def test_it_asks_the_database_a_fixed_number_of_times(
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    store: Store,
    night: NightlyRun,
    role: Role,
    queries: int,
) -> None:
    staff = staff_create(username="who", password="pw", role=role, stores=[store], regions=[store.region])
    for number in range(3, 6):
        each = make_store(store.region, f"000{number}")
        staff.stores.add(each)
        make_weeks(each)
        make_score(each, "at_risk", 10)
        make_running(each, treated=(1, 2), held=(1, 2))
        SegmentTotal.unscoped.create(day=DAY, store=each, segment="at_risk", members=1, spend=10)
    client.force_login(staff)
    with django_assert_num_queries(queries):
        client.get("/")


def test_it_shows_the_marketer_a_home_while_valkey_is_away(
    client: Client, marketer: Staff, night: NightlyRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*args: object, **options: object) -> None:
        raise NobodyThere

    for name in ("get", "set"):
        monkeypatch.setattr(cache, name, nobody)
    client.force_login(marketer)
    assert client.get("/").status_code == 200
