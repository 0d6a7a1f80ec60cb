"""In a browser: an admin sees what other scores would change, saves them and makes the night again."""

import pytest
from playwright.sync_api import expect

from members.models import Member
from organization.models import Staff
from segmentation.models import MemberScore, NightlyRun
from tests.e2e.conftest import LogIn
from tests.segmentation.builders import make_night
from tests.segmentation.conftest import crowd

__all__ = ["crowd"]

PATIENCE = 60_000


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_foretells_saves_and_makes_the_night_again(
    log_in: LogIn,
    worker: None,
    crowd: list[Member],
    admin: Staff,
) -> None:
    make_night()
    page = log_in("admin")
    page.goto("/segments/")
    page.get_by_role("link", name="Scoring").click()
    foretold = page.locator("#scoring-preview")
    expect(foretold).to_contain_text("Nothing: these are the settings of the night that is shown")
    assert not page.get_by_label("score 5").first.is_visible()
    page.get_by_label("By fixed break points").check()
    expect(foretold).to_contain_text("would change segment", timeout=PATIENCE)
    assert page.get_by_label("score 5").first.is_visible()
    page.locator("#id_f1").fill("9")
    page.locator("#id_f1").blur()
    expect(foretold).to_contain_text("must be greater than the one before", timeout=PATIENCE)
    page.locator("#id_f1").fill("2")
    page.get_by_label("Frequency 1").last.select_option("Loyal")  # R1 F1
    expect(foretold).to_contain_text("would change segment", timeout=PATIENCE)
    assert NightlyRun.objects.get().settings is None
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Make it again now").click()
    expect(page.get_by_role("cell", name="By fixed break points")).to_be_visible(timeout=PATIENCE)
    assert set(MemberScore.unscoped.filter(r=1, f=1).values_list("segment", flat=True)) <= {"loyal"}
    page.goto("/scoring/")
    expect(foretold).to_contain_text("Nothing: these are the settings of the night that is shown")
