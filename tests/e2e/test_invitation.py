"""From the invitation to the first log-in, in the browsers of two people."""

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from organization.models import Staff, Store
from tests.e2e.conftest import LogIn

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "rather-long-and-odd-3"


def test_it_brings_somebody_in(
    log_in: LogIn, browser: Browser, live_server: LiveServer, admin: Staff, store: Store
) -> None:
    page = log_in("admin")
    page.goto("/staff/new/")
    page.fill("#id_username", "li")
    page.get_by_label("Find a store").fill("南屏")
    page.get_by_label("0001").check()
    page.get_by_label("Find a store").fill("no such store")
    page.get_by_text("0001").wait_for()  # What is ticked stays.
    page.get_by_role("button", name="Invite").click()
    link = page.locator("#link").input_value()

    theirs = browser.new_context(base_url=live_server.url, locale="en").new_page()
    theirs.goto(link)
    for field in ("#id_new_password1", "#id_new_password2"):
        theirs.fill(field, PASSWORD)
    theirs.get_by_role("button", name="Set the password").click()
    theirs.get_by_text("Your password is set").wait_for()
    answer = theirs.goto(link)
    assert answer is not None and answer.status == 404
    theirs.goto("/login/")
    theirs.fill("#id_username", "li")
    theirs.fill("#id_password", PASSWORD)
    theirs.press("#id_password", "Enter")
    theirs.get_by_role("button", name="Log out").wait_for()
    assert Staff.objects.get(username="li").stores.get() == store
