from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from campaigns.models import ArmTotal, Campaign, CampaignResult, Removal
from campaigns.planning import campaign_plan
from campaigns.reading import Reading
from campaigns.selectors import arm_rows, reading
from organization.models import Role, Staff, Store
from organization.services import staff_create
from tests.campaigns.cast import DAY, make_night, make_reachable, make_receipt

Totals = Callable[..., None]


@pytest.fixture
def campaign(store: Store, other_store: Store) -> Campaign:
    """Finished, for both stores, with a fifth of the members held out."""
    campaign = Campaign.unscoped.create(
        name="Drinks",
        segment="loyal",
        channel="sms",
        status=Campaign.Status.FINISHED,
        starts_on=DAY,
        ends_on=DAY,
        holdout_share=Decimal("0.2"),
        fixed_cost=Decimal(50),
        margin=Decimal("0.5"),
        salt="",
    )
    campaign.stores.set([store, other_store])
    CampaignResult.objects.create(campaign=campaign, as_of=DAY, daily=[{"day": 0}])
    return campaign


@pytest.fixture
def totals(campaign: Campaign) -> Totals:
    def add(treated: bool, *, store: Store | None = None, n: int = 400, mean: int = 1000) -> None:
        """Half the members of an arm spend twice the mean, the others nothing; no spend before."""
        ArmTotal.unscoped.create(
            campaign=campaign,
            store=store,
            treated=treated,
            n=n,
            buyers=n // 2,
            sum_y=n * mean,
            sum_yy=n // 2 * (2 * mean) ** 2,
            sum_x=0,
            sum_xx=0,
            sum_xy=0,
            attributed=mean,
        )

    return add


def see(campaign: Campaign, staff: Staff) -> Reading:
    return reading(campaign=campaign, staff=staff)


@pytest.mark.parametrize(("mean", "verdict"), [(2000, "more"), (1000, "unclear"), (500, "less")])
def test_it_says_what_the_interval_allows(
    campaign: Campaign, totals: Totals, admin: Staff, mean: int, verdict: str
) -> None:
    totals(True, mean=mean)
    totals(False, n=100)
    assert see(campaign, admin).verdict == verdict


def test_it_counts_money_in_currency_not_cents(campaign: Campaign, totals: Totals, admin: Staff) -> None:
    totals(True, mean=2000)
    totals(False, n=100)
    seen = see(campaign, admin)
    assert seen.arms.effect is not None
    assert seen.arms.effect.estimate == pytest.approx(10)
    assert seen.earnings is not None
    assert seen.earnings.revenue.estimate == pytest.approx(4000)
    assert seen.earnings.profit.estimate == pytest.approx(4000 * 0.5 - 50)
    assert seen.arms.attributed == 30


def test_it_gives_no_verdict_on_groups_that_are_not_as_planned(
    campaign: Campaign, totals: Totals, admin: Staff
) -> None:
    totals(True, mean=2000)
    totals(False, n=200)
    seen = see(campaign, admin)
    assert (seen.verdict, seen.earnings, seen.may_compare) == ("mismatch", None, False)


def test_it_says_when_members_are_too_few(campaign: Campaign, totals: Totals, admin: Staff) -> None:
    totals(True, n=116, mean=5000)
    totals(False, n=29)
    assert see(campaign, admin).verdict == "too_few"


def test_it_survives_arms_of_nobody(campaign: Campaign, totals: Totals, admin: Staff) -> None:
    totals(True, n=2)
    seen = see(campaign, admin)
    assert (seen.arms.effect, seen.plain_effect, seen.buyers_effect) == (None, None, None)
    assert seen.verdict == "too_few"


def test_it_is_provisional_while_the_window_is_open(campaign: Campaign, admin: Staff) -> None:
    assert not see(campaign, admin).is_provisional
    Campaign.unscoped.update(status=Campaign.Status.RUNNING)
    campaign.refresh_from_db()
    assert see(campaign, admin).is_provisional


def test_it_waits_for_the_first_night(campaign: Campaign, admin: Staff) -> None:
    CampaignResult.objects.all().delete()
    assert see(campaign, admin).verdict == "waiting"


def test_it_shows_a_manager_the_own_store_only(
    campaign: Campaign, totals: Totals, manager: Staff, store: Store, other_store: Store
) -> None:
    for place, mean in ((None, 3000), (store, 2000), (other_store, 4000)):
        totals(True, store=place, mean=mean)
        totals(False, store=place, n=100)
    for place, n in ((store, 3), (other_store, 40)):
        Removal.unscoped.create(campaign=campaign, store=place, reason="consent", members=n)
    seen = see(campaign, manager)
    assert seen.in_part
    assert seen.arms.effect is not None
    assert seen.arms.effect.estimate == pytest.approx(10)
    assert seen.reach.removed == {"consent": 3}
    assert (seen.fixed_cost, seen.daily) == (0, [])
    assert {row.store for row in arm_rows(campaign=campaign, staff=manager)} == {store}


def test_it_shows_the_whole_to_who_sees_all_stores(
    campaign: Campaign, totals: Totals, marketer: Staff, store: Store, other_store: Store
) -> None:
    totals(True, mean=3000)
    totals(False, n=100)
    assert see(campaign, marketer).in_part
    regions = [store.region, other_store.region]
    wide = staff_create(username="wide", password="pw", role=Role.MARKETER, regions=regions)
    seen = see(campaign, wide)
    assert not seen.in_part
    assert seen.arms.treated.n == 400
    assert seen.daily


def test_it_plans_groups_and_what_they_could_find(marketer: Staff, store: Store) -> None:
    make_night()
    members = [make_reachable(store) for _ in range(10)]
    for member in members[:5]:
        make_receipt(member, DAY.replace(day=1), "20")
    make_reachable(store).age_verification.delete()
    plan = campaign_plan(
        staff=marketer, segment="loyal", channel="sms", holdout_share=0.2, horizon_days=21, day=DAY
    )
    assert (plan.audience.found, plan.treated, plan.held_out) == (11, 8, 2)
    # Spread of five members with 20 and five with 0.
    assert plan.detectable == pytest.approx(2.8 * (1000 / 9) ** 0.5 * (1 / 8 + 1 / 2) ** 0.5)


def test_it_plans_nothing_for_nobody(marketer: Staff, store: Store) -> None:
    arguments: dict[str, Any] = {"channel": "sms", "holdout_share": 0.2, "horizon_days": 21, "day": DAY}
    plan = campaign_plan(staff=marketer, segment="loyal", **arguments)
    assert (plan.audience.found, plan.treated, plan.detectable) == (0, 0, None)
