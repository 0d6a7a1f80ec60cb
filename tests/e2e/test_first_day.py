"""The first day: from an empty database through the set-up to the first dashboard."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from demo.exports import write_exports
from demo.simulator import simulate
from organization import company, first_run
from organization.models import Region, Staff

TODAY = date(2026, 3, 20)
PATIENCE = 60_000
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}


@pytest.fixture
def page(
    browser: Browser, live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Page]:
    settings.SETUP_CODE = "abcd-efgh-jkmn-pqrs"
    monkeypatch.setattr(first_run, "_is_done", False)
    errors: list[str] = []
    context = browser.new_context(base_url=live_server.url, locale="en", timezone_id="Asia/Shanghai")
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    yield page
    context.close()
    assert errors == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_goes_from_nothing_to_the_first_dashboard(page: Page, worker: None, tmp_path: Path) -> None:
    chain = simulate(stores=3, members=600, months=6, anchor=TODAY, seed=7)
    files = write_exports(chain, tmp_path, split=date(2026, 3, 1))
    with time_machine.travel(f"{TODAY}T09:00+08:00"):
        page.set_viewport_size(PHONE)
        open_with_code(page)
        name_company(page)
        become_admin(page)
        type_store(page)
        page.set_viewport_size(DESK)
        for kind in ("stores", "products", "members"):
            bring(page, kind, files[kind])
        for sales in ("sales_a_before", "sales_b_before", "sales_after"):
            bring(page, "sales", files[sales])
        run_first_night(page)


def fits(page: Page) -> None:
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def open_with_code(page: Page) -> None:
    page.goto("/campaigns/")
    expect(page.get_by_role("heading", name="Welcome to Huiyan")).to_be_visible()
    fits(page)
    page.get_by_label("Set-up code").fill("abcd-efgh-jkmn-pqrs")
    page.get_by_role("button", name="Begin").click()


def name_company(page: Page) -> None:
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Shanghai")
    fits(page)
    page.get_by_label("Name of the company").fill("River Stores")
    page.get_by_label("Sender's name").fill("River")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="Who looks after it?")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_label("Name of the company")).to_have_value("River Stores")
    page.get_by_role("button", name="Next").click()
    assert company.current().sender_name == "River"


def become_admin(page: Page) -> None:
    fits(page)
    page.get_by_label("Your name").fill("Lin Mei")
    page.get_by_label("Username").fill("lin")
    for field in page.locator("input[type=password]").all():
        field.fill("a quiet river bend")
    page.get_by_role("button", name="Create and log in").click()
    expect(page.get_by_role("heading", name="Which stores do you have?")).to_be_visible()
    assert Staff.objects.get().username == "lin"


def type_store(page: Page) -> None:
    page.wait_for_load_state()  # The button does something once the script is there.
    page.get_by_role("button", name="Add a row").click()
    fits(page)
    row = page.locator(".store-row").nth(3)
    row.get_by_label("Name").fill("Station")
    row.get_by_label("Licence number").fill("990000009999")
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_text("1 store is in.")).to_be_visible()
    expect(page.get_by_role("link", name="Template")).to_have_count(4)
    fits(page)
    assert Region.objects.get().name == "River Stores"


def bring(page: Page, kind: str, path: Path) -> None:
    page.goto("/first-steps/files/")
    page.select_option("[name=kind]", kind)
    page.set_input_files("input[type=file]", str(path))
    page.get_by_role("button", name="Import", exact=True).click()
    row = page.locator(".todo", has_text=path.name)
    expect(row).to_contain_text("to fix", timeout=PATIENCE)


def run_first_night(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
    page.get_by_role("button", name="Run it now").click()
    expect(page.get_by_role("heading", name="Is the data in, and is it right?")).to_be_visible(
        timeout=PATIENCE
    )
    fits(page)
