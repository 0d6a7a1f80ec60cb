"""A member decides on a phone: messages, a tag, groups, silence and back."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from members.links import link_token
from members.models import Consent, MemberTag, ProfilingObjection, SelfExclusion
from members.services import member_link_create, member_tag_add
from organization.models import Staff, Store
from segmentation.models import MemberScore
from tests.campaigns.cast import make_reachable

PHONE = {"width": 390, "height": 844}
WIDE_TAG = "W" * 40


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_lets_a_member_decide_on_a_phone(
    browser: Browser, live_server: LiveServer, store: Store, manager: Staff
) -> None:
    member = make_reachable(store, name="王小试")
    MemberScore.unscoped.update(r=5, f=4, m=3)
    for tag in ("茶友", WIDE_TAG):
        member_tag_add(member=member, text=tag, actor=manager)
    address = f"/me/{link_token(member_link_create(member=member, actor=manager))}/"
    context = browser.new_context(base_url=live_server.url, locale="en", viewport=PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(address)
    check(page)

    page.get_by_role("button", name="Stop SMS").click()
    expect(page.get_by_role("status")).to_contain_text("You get no more messages by SMS")
    assert not Consent.unscoped.latest("pk").granted
    page.get_by_role("link", name="Delete 茶友").click()
    confirm(page, "Delete it")
    expect(page.get_by_text("茶友")).to_have_count(0)
    assert list(MemberTag.unscoped.all().in_use().values_list("text", flat=True)) == [WIDE_TAG]
    page.get_by_role("link", name="Leave all groups").click()
    confirm(page, "Leave all groups")
    expect(page.get_by_text("You are in no group, because you asked for that.")).to_be_visible()
    assert ProfilingObjection.unscoped.exists()
    page.get_by_role("link", name="Stop all messages").click()
    confirm(page, "Stop all messages")
    expect(page.get_by_text("You get no messages, because you asked for that.")).to_be_visible()
    assert SelfExclusion.unscoped.exists()
    page.get_by_role("link", name="Take it back").last.click()
    confirm(page, "Take it back")
    expect(page.get_by_role("status")).to_contain_text("Nothing is sent until you allow a channel")
    assert not SelfExclusion.unscoped.exists()

    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    check(page)
    assert errors == []
    context.close()


def confirm(page: Page, button: str) -> None:
    expect(page.get_by_role("link", name="Cancel")).to_be_visible()
    check(page)
    page.get_by_role("button", name=button).click()


def check(page: Page) -> None:
    """Nothing wider than the phone, nothing that keeps somebody out."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
