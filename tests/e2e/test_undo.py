"""In a browser: an import is undone by typing the name of its file."""

import pytest
from playwright.sync_api import expect

from organization.models import ImportKind, Staff, Store
from sales.models import Receipt
from tests.e2e.conftest import LogIn
from tests.organization.importing import queue
from tests.sales.importing import line, make_products

PATIENCE = 60_000


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_undoes_an_import(log_in: LogIn, worker: None, store: Store, admin: Staff) -> None:
    make_products()
    record = queue(ImportKind.SALES, [line("R1"), line("R2")], name="sales.csv")
    page = log_in("admin")
    page.goto(f"/imports/{record.pk}/")
    expect(page.get_by_text("Does it add up?")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Undo this import").click()
    page.wait_for_url("**/undo/")
    page.get_by_role("button", name="Undo this import").click()
    sure = page.get_by_role("dialog").get_by_role("button", name="Undo this import")
    expect(sure).to_be_disabled()
    page.get_by_label("Type sales.csv to go on").fill("sales.csv")
    sure.click()
    expect(page.locator("#undone")).to_be_visible(timeout=PATIENCE)
    assert not Receipt.unscoped.exists()
    page.goto("/imports/")
    expect(page.locator(".pill.warn", has_text="Undone")).to_be_visible()
