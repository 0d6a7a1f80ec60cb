"""In a browser: a file nobody knows is mapped, checked and imported, and its bad row mended on the page."""

from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from organization.models import Import, Role, SourceProfile, Store
from organization.services import staff_create
from tests.e2e.conftest import LogIn
from tests.sales.importing import make_products, totals

PATIENCE = 60_000
PHONE = "19900007777"
SOLD = (
    "店铺,小票,卖出日,钟点,货,件,收,客户电话\n"
    f"0001,T1,2026/3/5,10:00,6900000000011,2,40.00,{PHONE}\n"
    f"0001,T1,2026/3/5,10:00,6900000000028,1,oops,{PHONE}\n"
    "0001,T2,2026/3/5,11:30,6900000000028,1,5.00,\n"
)


def _send(page: Page, file: Path) -> None:
    page.goto("/imports/")
    page.select_option("[name=kind]:not(form[data-auto] *)", "sales")
    page.set_input_files("input[type=file]", str(file))
    page.get_by_role("button", name="Check first").click()
    expect(page.get_by_role("heading", name="Which column is which?", level=1)).to_be_visible(
        timeout=PATIENCE
    )


def _map(page: Page) -> None:
    """What was found by itself, and what only somebody who knows the till can say."""
    expect(page.locator("[name=phone-from]")).to_have_value("7")
    expect(page.get_by_text("the values are stores we know")).to_be_visible()
    choices = {"number": "1", "moment": "2", "barcode": "4", "quantity": "5", "amount": "6"}
    for name, at in choices.items():
        page.select_option(f"[name={name}-from]", at)
    expect(page.locator("[name=moment-second]")).to_be_hidden()
    page.select_option("[name=moment-how]", "joined")
    page.select_option("[name=moment-second]", "3")
    preview = page.locator("#mapping-preview")
    twice = preview.get_by_text("钟点 is used more than once: Date and time, Time.")
    expect(twice).to_be_visible(timeout=PATIENCE)
    page.select_option("[name=time-from]", "")
    expect(twice).to_be_hidden(timeout=PATIENCE)
    expect(preview.get_by_text("2026/3/5 10:00").first).to_be_visible(timeout=PATIENCE)
    expect(preview.get_by_text("Amount, 1 of 3: This is not a number.")).to_be_visible(timeout=PATIENCE)
    assert PHONE not in page.content()
    state = page.locator("#mapping-state")
    expect(state).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(state).to_contain_text("Amount, 1 of 3: This is not a number.")
    expect(state).to_be_in_viewport()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_label("Name of the profile").fill("Shop till")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_maps_checks_imports_and_mends(log_in: LogIn, worker: None, store: Store, tmp_path: Path) -> None:
    make_products()
    staff_create(username="admin", password="pw", role=Role.ADMIN)
    file = tmp_path / "sold.csv"
    file.write_text(SOLD)
    page = log_in("admin")
    _send(page, file)
    _map(page)
    page.locator("#mapping-form").get_by_role("button", name="Check").click()
    expect(page.get_by_text("Read with the profile Shop till.")).to_be_visible(timeout=PATIENCE)
    assert SourceProfile.unscoped.get().name == "Shop till" and not totals()
    page.get_by_role("button", name="Import 1 row").click()
    expect(page.get_by_text("Does it add up?")).to_be_visible(timeout=PATIENCE)
    assert totals() == {"T2": Decimal("5.00")}
    _mend(page)
    assert totals() == {"T1": Decimal("45.00"), "T2": Decimal("5.00")}
    first, correction = Import.unscoped.order_by("pk")
    page.goto(f"/imports/{first.pk}/")
    expect(page.get_by_text("2 rows were set aside; 0 of them are still here.")).to_be_visible()
    _undo(page, correction)
    assert totals() == {"T2": Decimal("5.00")}
    _undo(page, first)
    assert not totals()


def _undo(page: Page, record: Import) -> None:
    page.goto(f"/imports/{record.pk}/")
    page.get_by_role("link", name="Undo this import").click()
    page.wait_for_url("**/undo/")
    page.get_by_role("button", name="Undo this import").click()
    page.get_by_label(f"Type {record.file_name} to go on").fill(record.file_name)
    page.get_by_role("dialog").get_by_role("button", name="Undo this import").click()
    expect(page.locator("#undone")).to_be_visible(timeout=PATIENCE)


def _mend(page: Page) -> None:
    """Type the one bad cell anew; the other row of its receipt comes along."""
    page.get_by_role("link", name="Show rows").first.click()
    page.get_by_role("link", name="All rows to fix").click()
    page.get_by_role("link", name="Correct row 2").click()
    page.get_by_role("button", name="Leave it as it is").click()
    expect(page.get_by_role("button", name="Send corrected rows")).to_be_hidden()
    page.get_by_role("link", name="Correct row 3").click()
    cell = page.get_by_label("收")
    expect(cell).to_have_value("oops")
    expect(cell).to_be_focused()
    expect(page.get_by_label("客户电话")).to_have_attribute("placeholder", "199••••77")
    cell.fill("5.00")
    page.get_by_role("button", name="Send corrected rows").click()
    expect(page.get_by_text("1 more row of the same receipts was fetched")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("dt:has-text('Difference') + dd")).to_have_text("0", timeout=PATIENCE)
