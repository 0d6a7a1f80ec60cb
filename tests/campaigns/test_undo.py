"""A redeemed voucher keeps its receipts; results of a campaign follow an undo."""

from datetime import date

import pytest

from campaigns.models import ArmTotal, Campaign
from campaigns.results import results_refresh
from campaigns.services import campaign_import
from members.models import Member
from organization.models import Import, Store
from tests.organization.undoing import refused, undo
from tests.sales.importing import line, make_products, take

pytestmark = pytest.mark.django_db

PHONE, DAY = "19900001111", date(2026, 3, 5)


@pytest.fixture
def records(store: Store) -> list[Import]:
    """Two files of one member's receipts: 5 and 6 March."""
    make_products()
    return [
        take([line(mobilephone=PHONE)]),
        take([line("R2", mobilephone=PHONE, inputtime="20260306100000")]),
    ]


def imported(redeemed: date | None) -> Campaign:
    member = Member.unscoped.get()
    redemptions = [(member.pk, "K1", redeemed)] if redeemed else []
    return campaign_import(
        name="Tea", starts_on=DAY, ends_on=date(2026, 3, 8), members=[member.pk], redemptions=redemptions
    )


def test_it_is_refused_where_a_voucher_was_redeemed(records: list[Import]) -> None:
    imported(DAY)
    first, second = records
    assert refused(first) == "1 voucher of the campaign Tea was redeemed with receipts of this import."
    assert refused(second) == ""


def test_results_of_an_ended_campaign_follow_however_late_the_undo_is(records: list[Import]) -> None:
    campaign = imported(None)
    assert [total.sum_y for total in ArmTotal.unscoped.filter(campaign=campaign)] == [4000, 4000]
    results_refresh(date(2026, 11, 1))
    assert [total.sum_y for total in ArmTotal.unscoped.filter(campaign=campaign)] == [4000, 4000]
    undo(records[1])
    results_refresh(date(2026, 11, 1))
    assert [total.sum_y for total in ArmTotal.unscoped.filter(campaign=campaign)] == [2000, 2000]
