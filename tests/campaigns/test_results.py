"""A campaign of four members, small enough to work out by hand.

Window 1 to 21 November. Treated: A and B of store 0001. Held out: C of 0001, D of 0002.
"""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from campaigns.models import ArmTotal, Assignment, Campaign, CampaignResult, Message
from campaigns.results import results_refresh
from campaigns.selectors import reading
from campaigns.services import campaign_import
from organization.models import Staff, Store
from sales.models import Product, Receipt
from segmentation.nightly.hooks import run_hooks
from tests.campaigns.cast import make_line, make_receipt
from tests.conftest import make_member

START, END = date(2026, 11, 1), date(2026, 11, 21)
BEFORE = START - timedelta(days=1)


@pytest.fixture
def cast(store: Store, other_store: Store) -> SimpleNamespace:
    homes = {"a": store, "b": store, "c": store, "d": other_store}
    return SimpleNamespace(**{name: make_member(home) for name, home in homes.items()})


@pytest.fixture
def campaign(cast: SimpleNamespace, store: Store, other_store: Store) -> Campaign:
    campaign = Campaign.unscoped.create(
        name="By hand",
        segment="loyal",
        channel="sms",
        offer="饮料半价",
        status=Campaign.Status.RUNNING,
        starts_on=START,
        ends_on=END,
        holdout_share="0.5",
        message_cost="0.05",
        fixed_cost="7",
        margin="0.25",
        salt="",
    )
    campaign.stores.set([store, other_store])
    for member in (cast.a, cast.b, cast.c, cast.d):
        treated = member in (cast.a, cast.b)
        Assignment.unscoped.create(
            campaign=campaign, member=member, bucket=0, treated=treated, home_store=member.home_store
        )
    for member, status in ((cast.a, "delivered"), (cast.b, "refused")):
        Message.unscoped.create(campaign=campaign, member=member, channel="sms", status=status)
    return campaign


@pytest.fixture
def receipts(cast: SimpleNamespace, other_store: Store) -> list[Receipt]:
    """x: A 20, B 0, C 5, D 0. y: A 10+6−4 = 12, B 7 (a third of it elsewhere), C 0, D 9."""
    return [
        make_receipt(cast.a, BEFORE, "20"),
        make_receipt(cast.a, START, "10", returned=4),
        make_receipt(cast.a, END, "6"),
        make_receipt(cast.a, END, "-4"),
        make_receipt(cast.b, START + timedelta(days=2), "5"),
        make_receipt(cast.b, START + timedelta(days=3), "2", store=other_store),
        make_receipt(cast.c, START - timedelta(days=90), "5"),
        make_receipt(cast.c, START, "8", returned=8),
        make_receipt(cast.c, START + timedelta(days=1), "-8"),
        make_receipt(cast.d, START, "9"),
        # Outside: too early, too late.
        make_receipt(cast.a, START - timedelta(days=91), "1000"),
        make_receipt(cast.a, END + timedelta(days=1), "1000"),
    ]


def sums(campaign: Campaign, *, store: Store | None, treated: bool) -> tuple[Any, ...]:
    fields = ("n", "buyers", "sum_y", "sum_yy", "sum_x", "sum_xx", "sum_xy", "attributed")
    rows = ArmTotal.unscoped.filter(campaign=campaign, store=store, treated=treated)
    return tuple(int(value) for value in rows.values_list(*fields).get())


def test_it_sums_each_arm_over_all_receipts(campaign: Campaign, receipts: list[Receipt]) -> None:
    results_refresh(END)
    x, y = 2000, 1200
    both = (2, 2, y + 700, y**2 + 700**2, x, x**2, x * y, y)
    assert sums(campaign, store=None, treated=True) == both
    # C gave everything back, so only D bought.
    assert sums(campaign, store=None, treated=False) == (2, 1, 900, 900**2, 500, 500**2, 0, 0)


def test_it_sums_a_store_over_its_own_receipts_and_members(
    campaign: Campaign, receipts: list[Receipt], store: Store, other_store: Store
) -> None:
    results_refresh(END)
    mine = (2, 2, 1700, 1200**2 + 500**2, 2000, 2000**2, 2000 * 1200, 1200)
    assert sums(campaign, store=store, treated=True) == mine
    assert sums(campaign, store=other_store, treated=False) == (1, 1, 900, 900**2, 0, 0, 0, 0)
    assert not ArmTotal.unscoped.filter(store=other_store, treated=True).exists()


def test_it_counts_days_up_to_the_night_only(campaign: Campaign, receipts: list[Receipt]) -> None:
    results_refresh(START)
    assert sums(campaign, store=None, treated=True)[2] == 1000
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.RUNNING


def test_it_replaces_what_it_said_before(campaign: Campaign, receipts: list[Receipt], cast: Any) -> None:
    results_refresh(START)
    results_refresh(END)
    once = list(ArmTotal.unscoped.order_by("store", "treated").values("store", "treated", "sum_y"))
    results_refresh(END)
    assert list(ArmTotal.unscoped.order_by("store", "treated").values("store", "treated", "sum_y")) == once
    assert len(once) == 5


def test_it_ends_a_campaign_whose_window_is_over(campaign: Campaign) -> None:
    Message.unscoped.filter(status="refused").update(status="pending")
    results_refresh(END)
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.FINISHED
    late = Message.unscoped.get(status="refused")
    assert late.reason == "too_late"


def test_it_still_counts_files_that_come_late(campaign: Campaign, cast: SimpleNamespace) -> None:
    results_refresh(END)
    make_receipt(cast.a, END, "3")
    results_refresh(END + timedelta(days=30))
    assert sums(campaign, store=None, treated=True)[2] == 300
    make_receipt(cast.a, END, "3")
    results_refresh(END + timedelta(days=31))
    assert sums(campaign, store=None, treated=True)[2] == 300


def test_it_leaves_drafts_and_later_campaigns_alone(campaign: Campaign) -> None:
    Campaign.unscoped.create(name="draft", channel="sms", salt="")
    results_refresh(BEFORE)
    assert not CampaignResult.objects.exists()


def test_it_draws_the_gap_from_the_day_before_the_start(campaign: Campaign, receipts: list[Receipt]) -> None:
    results_refresh(END)
    curve = {point["day"]: point for point in CampaignResult.objects.get().daily}
    assert (min(curve), max(curve)) == (-28, 20)
    # A's 20 on the day before the start lies between every earlier day and the reference.
    assert (curve[-28]["treated"], curve[-2]["treated"], curve[-1]["treated"]) == (-1000, -1000, 0)
    assert (curve[0]["treated"], curve[0]["held"]) == (500, 850)
    assert (curve[20]["treated"], curve[20]["held"]) == (950, 450)
    # Variances 25² · 2 · 100² … of (1200, 700) and (0, 900), each over two members.
    assert curve[20]["se"] == pytest.approx(((250**2 * 2 + 450**2 * 2) / 2) ** 0.5)


def test_it_measures_the_margin_where_buy_prices_are_known(
    campaign: Campaign, receipts: list[Receipt], admin: Staff
) -> None:
    product = Product.objects.create(code="1", name="Cola")
    make_line(receipts[1], product, quantity="4", buy_price="1.5")  # 10 for 6
    make_line(receipts[3], product, quantity="-1", buy_price="1.8")  # −4 for −1.80
    make_line(receipts[2], product, quantity="3", buy_price=None)
    make_line(receipts[9], product, quantity="3", buy_price="0.1")  # held out
    make_line(receipts[0], product, quantity="3", buy_price="0.1")  # before the window
    results_refresh(END)
    margin = reading(campaign=campaign, staff=admin).margin
    assert margin is not None
    assert margin.is_measured
    assert margin.share == pytest.approx(1 - 4.2 / 6)


def test_it_falls_back_to_the_configured_margin(
    campaign: Campaign, receipts: list[Receipt], admin: Staff
) -> None:
    product = Product.objects.create(code="1", name="Cola")
    make_line(receipts[1], product, quantity="4", buy_price="0.00")  # a till that does not know
    results_refresh(END)
    margin = reading(campaign=campaign, staff=admin).margin
    assert margin is not None
    assert (margin.share, margin.is_measured) == (0.25, False)


def test_it_is_computed_after_every_night(campaign: Campaign) -> None:
    run_hooks(START)
    assert CampaignResult.objects.get(campaign=campaign).as_of == START


def test_it_tells_only_redemption_sales_of_an_imported_campaign(
    cast: SimpleNamespace, store: Store, receipts: list[Receipt], admin: Staff
) -> None:
    imported = campaign_import(
        name="Campaign 8",
        starts_on=START,
        ends_on=END,
        members=[cast.a.pk, cast.b.pk],
        redemptions=[(cast.a.pk, "1001", END), (cast.a.pk, "1002", END), (cast.b.pk, "1001", END)],
    )
    seen = reading(campaign=imported, staff=admin)
    # A bought for 6 and gave 4 back on the day; B redeemed but has no receipt of that day.
    assert seen.arms.attributed == 2
    assert (seen.reach.treated, seen.reach.held_out, seen.reach.redeemed) == (2, 0, 2)
    assert seen.verdict == "no_control"
    assert seen.earnings is None
    assert (imported.status, list(imported.stores.all())) == ("finished", [store])


def test_it_uses_a_few_queries_whatever_the_size(
    campaign: Campaign, receipts: list[Receipt], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(21):
        results_refresh(END)
