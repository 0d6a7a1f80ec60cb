"""In a browser: look at what a file would do, then let it."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from organization.models import Role, Store
from organization.services import staff_create
from sales.models import Receipt
from tests.e2e.conftest import LogIn
from tests.organization.importing import as_csv
from tests.sales.importing import line, make_products

PATIENCE = 60_000


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_checks_and_then_imports(log_in: LogIn, worker: None, store: Store, tmp_path: Path) -> None:
    make_products()
    staff_create(username="admin", password="pw", role=Role.ADMIN)
    file = tmp_path / "sales.csv"
    file.write_text(as_csv([line("R1", mobilephone="19900001111"), line("R2"), line("R3", dtl_amount="x")]))
    page = log_in("admin")
    page.goto("/imports/")
    page.select_option("[name=kind]:not(form[data-auto] *)", "sales")
    page.set_input_files("input[type=file]", str(file))
    page.get_by_role("button", name="Check first").click()
    expect(page.get_by_text("nothing has been written")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("This is not a number.").first).to_be_visible()
    assert not Receipt.unscoped.exists()
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_text("Does it add up?")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("dt:has-text('Difference') + dd")).to_have_text("0", timeout=PATIENCE)
    assert Receipt.unscoped.count() == 2
