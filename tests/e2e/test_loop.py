"""The whole loop as people do it: files, night, campaign, later files, result."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Page, expect

from campaigns.models import Assignment, Campaign
from demo.exports import append_campaign, write_exports
from demo.simulator import Chain, campaign_receipts, simulate
from members.models import IdentityKind, MemberIdentity
from organization.models import Role, Store
from organization.services import staff_create
from tests.e2e.conftest import LogIn

TODAY = date(2026, 3, 20)
START = TODAY - timedelta(days=22)
PATIENCE = 60_000


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_goes_from_a_file_to_a_causal_result(log_in: LogIn, worker: None, tmp_path: Path) -> None:
    chain = simulate(stores=3, members=2_000, months=8, anchor=TODAY, seed=5)
    files = write_exports(chain, tmp_path, split=START)
    staff_create(username="admin", password="pw", role=Role.ADMIN)
    with time_machine.travel(f"{START}T09:00+08:00"):
        admin = log_in("admin")
        for kind in ("stores", "products", "members"):
            upload(admin, kind, files[kind])
        upload(admin, "sales", files["sales_a_before"])
        upload(admin, "sales", files["sales_b_before"])
        make_night(admin, as_of=START - timedelta(days=1))
        marketer = new_marketer(log_in)
        see_segments(marketer)
        campaign = run_campaign(marketer)
    plant_effect(chain, campaign, files["sales_after"])
    with time_machine.travel(f"{TODAY}T09:00+08:00"):
        admin = log_in("admin")
        upload(admin, "sales", files["sales_after"])
        make_night(admin, as_of=TODAY - timedelta(days=1))
        read_result(log_in("marketer"), campaign)
        visit_as_manager(log_in, campaign)


def upload(page: Page, kind: str, path: Path) -> None:
    page.goto("/imports/")
    page.select_option("[name=kind]:not(form[data-auto] *)", kind)
    page.set_input_files("input[type=file]", str(path))
    page.get_by_role("button", name="Import at once").click()
    expect(page.get_by_text("Does it add up?")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("dt:has-text('Difference') + dd")).to_have_text("0")


def make_night(page: Page, *, as_of: date) -> None:
    page.goto("/nights/")
    page.get_by_role("button", name="Start the night").click()
    row = page.locator("table tbody tr", has_text=str(as_of))
    expect(row).to_contain_text("Publish", timeout=PATIENCE)
    expect(row).not_to_contain_text("not published", timeout=PATIENCE)


def new_marketer(log_in: LogIn) -> Page:
    root = Store.unscoped.select_related("region__parent").first()
    assert root is not None
    region = root.region.parent or root.region
    staff_create(username="marketer", password="pw", role=Role.MARKETER, regions=[region])
    return log_in("marketer")


def see_segments(page: Page) -> None:
    page.goto("/segments/")
    expect(page.locator("[data-chart] svg.main-svg").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Champions").first).to_be_visible()


def run_campaign(page: Page) -> Campaign:
    page.goto("/campaigns/new/")
    page.fill("[name=name]", "Tea for regulars")
    page.select_option("[name=segment]", "loyal")
    page.select_option("[name=holdout_share]", label="50%")
    page.fill("[name=offer]", "A cup of hot tea is waiting")
    expect(page.get_by_text("Allowed by policy")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Save the draft").click()
    # Loaded: a button that is clicked before its script is there does nothing.
    page.wait_for_url(re.compile(r"/campaigns/\d+/"))
    page.get_by_role("button", name="Start").click()
    page.get_by_role("dialog").get_by_role("button", name="Start").click()
    expect(page.get_by_text("Who was left out, and why?")).to_be_visible(timeout=PATIENCE)
    return Campaign.unscoped.get()


def plant_effect(chain: Chain, campaign: Campaign, path: Path) -> None:
    """Let the treated buy much more, so that the interval must lie above zero."""
    treated = Assignment.unscoped.filter(campaign=campaign, treated=True).values("member")
    cards = MemberIdentity.unscoped.filter(kind=IdentityKind.CARD, member__in=treated)
    numbers = sorted(str(card.value) for card in cards)
    lines, _truth = campaign_receipts(chain, cards=numbers, start=START, days=21, effect=150.0, seed=1)
    append_campaign(path, lines)


def read_result(page: Page, campaign: Campaign) -> None:
    page.goto(f"/campaigns/{campaign.pk}/")
    expect(page.locator(".verdict")).to_contain_text("It worked")
    page.goto("/messages/")
    expect(page.get_by_text("A cup of hot tea").first).to_be_visible()


def visit_as_manager(log_in: LogIn, campaign: Campaign) -> None:
    store = Store.unscoped.order_by("code")[0]
    staff_create(username="manager", password="pw", role=Role.MANAGER, stores=[store])
    page = log_in("manager")
    expect(page.get_by_role("heading", name=re.compile("Good morning"))).to_be_visible()
    page.goto(f"/campaigns/{campaign.pk}/")
    expect(page.get_by_text("Tea for regulars").first).to_be_visible()
    expect(page.get_by_role("link", name="Imports")).to_have_count(0)
