"""The page of scoring: what it refuses, what it foretells, and where names then stand."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.forms import PlanForm
from dashboards.segments.scoring_forms import GroupNamesForm, ScoringForm
from members.models import Member
from organization.models import AuditEvent, Job, Staff, Store
from segmentation.analytics.rfm import DEFAULT_GRID, SEGMENTS
from segmentation.models import GroupName, MemberScore, NightlyRun, RfmSettings
from segmentation.nightly import preview
from segmentation.selectors import scoring_now
from tests.conftest import make_member
from tests.segmentation.builders import NIGHT, a_receipt, make_night
from tests.segmentation.test_pages import a_score

CELLS = [(r, f) for r in range(1, 6) for f in range(1, 6)]


def typed(**changed: Any) -> dict[str, Any]:
    """The form as it stands with the defaults, and what is typed otherwise."""
    form = ScoringForm.of(RfmSettings(), version=scoring_now().pk)
    filled = {name: form.initial.get(name) for name in form.fields}
    return {name: value for name, value in (filled | changed).items() if value is not None}


@pytest.fixture
def page(client: Client, admin: Staff) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def night(store: Store, other_store: Store) -> NightlyRun:
    shares = {name: [1, 0, 0, 0, 1] for name in "rfm"}
    run = NightlyRun.objects.create(as_of=NIGHT, published_at=timezone.now(), score_shares=shares)
    for place, segment, r, f in ((store, "champions", 5, 5), (other_store, "at_risk", 1, 3)):
        a_score(make_member(place), segment=segment, r=r, f=f, cluster=0)
    return run


@pytest.mark.django_db
def test_it_saves_what_was_typed(page: Client, admin: Staff) -> None:
    points = {
        "r1": "3",
        "r2": "10",
        "r3": "20",
        "r4": "40",
        "m1": "50.50",
        "m2": "100",
        "m3": "200",
        "m4": "300",
    }
    answer = page.post("/scoring/", typed(mode="fixed", window_days="180", cell_3_3="loyal", **points))
    assert answer.status_code == 302
    saved = RfmSettings.objects.get()
    assert (saved.mode, saved.window_days, saved.changed_by) == ("fixed", 180, admin)
    assert saved.breaks == {"r": [3, 10, 20, 40], "f": [2, 4, 8, 16], "m": [5_050, 10_000, 20_000, 30_000]}
    assert saved.grid == [
        [*row[:2], "loyal", *row[3:]] if r == 2 else list(row) for r, row in enumerate(DEFAULT_GRID)
    ]
    said = page.get("/scoring/").content.decode()
    assert "The next night scores by this" in said
    assert "fixed break points" in said


@pytest.mark.django_db
@pytest.mark.parametrize("cell", CELLS)
def test_it_refuses_a_gap_an_overlap_and_an_unknown_segment(page: Client, cell: tuple[int, int]) -> None:
    name = f"cell_{cell[0]}_{cell[1]}"
    for claim, why in (
        ("", f"No segment is chosen for R{cell[0]} F{cell[1]}."),
        (["loyal", "new"], f"More than one segment is chosen for R{cell[0]} F{cell[1]}."),
        ("emperors", "emperors is not one of the available choices"),
    ):
        for url, status in (("/scoring/", 422), ("/scoring/preview/", 200)):
            answer = page.post(url, typed(**{name: claim}), headers={"HX-Request": "true"})
            assert answer.status_code == status
            assert why in answer.content.decode()
    missing = typed()
    del missing[name]
    assert page.post("/scoring/", missing).status_code == 422
    assert not RfmSettings.objects.exists()


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from(SEGMENTS), min_size=5, max_size=5), min_size=5, max_size=5))
def test_it_keeps_any_whole_grid_as_it_was_drawn(page: Client, grid: list[list[str]]) -> None:
    cells = {f"cell_{r}_{f}": grid[r - 1][f - 1] for r, f in CELLS}
    page.post("/scoring/", typed(**cells))
    assert scoring_now().grid == grid


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"window_days": "29"}, "greater than or equal to 30"),
        ({"window_days": "1831"}, "less than or equal to 1830"),
        ({"mode": "ntile"}, "ntile is not one of the available choices"),
        ({"mode": "fixed", "f2": ""}, "All four break points are needed"),
        ({"mode": "fixed", "f2": "2"}, "must be greater than the one before"),
        ({"mode": "fixed", "m1": "0.001"}, "no more than 2 decimal places"),
        ({"mode": "fixed", "r1": "soon"}, "Enter a whole number"),
    ],
    ids=str,
)
def test_it_says_what_is_wrong_and_keeps_all_as_it_was(
    page: Client, changed: dict[str, str], why: str
) -> None:
    answer = page.post("/scoring/", typed(**changed))
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not RfmSettings.objects.exists()


@pytest.mark.django_db
def test_it_does_not_ask_for_break_points_where_none_are_used(page: Client) -> None:
    page.post("/scoring/", typed(mode="fixed", f1="3"))
    page.post("/scoring/", typed(mode="peers", peers="store", f1="soon", f2="1"))
    assert (scoring_now().mode, scoring_now().breaks["f"]) == ("peers", [3, 4, 8, 16])


@pytest.mark.django_db
def test_it_foretells_and_writes_nothing(page: Client, night: NightlyRun) -> None:
    answer = page.post("/scoring/preview/", typed(cell_5_5="at_risk"), headers={"HX-Request": "true"})
    said = " ".join(answer.content.decode().split())
    # Of two members one is best in everything, and both have the same values: each is R1 F1.
    assert "2 members would change segment, 100.0% of 2" in said
    assert "No cell leads to" not in said
    assert "Who would go where?" in said
    new = {f"cell_5_{f}": "loyal" for f in range(1, 6)}
    said = page.post("/scoring/preview/", typed(**new), headers={"HX-Request": "true"}).content.decode()
    assert "No cell leads to Champions, New: nobody will be there." in said
    assert not RfmSettings.objects.exists()
    assert MemberScore.unscoped.filter(segment="champions").count() == 1
    whole = page.post("/scoring/preview/", typed(cell_5_5="at_risk")).content.decode()
    assert "<html" in whole
    assert "would change segment" in whole


@pytest.mark.django_db
def test_it_says_that_a_window_holds_too_many_receipts(
    page: Client, night: NightlyRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "MOST_SECONDS", 1)
    monkeypatch.setattr(preview, "RECEIPTS", preview.RECEIPTS + ", pg_sleep(3)")
    monkeypatch.setattr(preview, "NO_HOMES", "SELECT 0::int8 AS member_id, 0::int8 AS store_id WHERE false")
    said = page.post("/scoring/preview/", typed(window_days=30), headers={"HX-Request": "true"})
    assert "too many receipts to add up while you wait" in said.content.decode()


@pytest.mark.django_db
def test_it_refuses_what_was_changed_from_an_older_version(page: Client) -> None:
    old = typed(window_days=90)
    page.post("/scoring/", typed(window_days=60))
    answer = page.post("/scoring/", old)
    assert answer.status_code == 422
    assert "admin has saved other settings meanwhile" in answer.content.decode()
    assert scoring_now().window_days == 60


@pytest.mark.django_db
def test_it_offers_the_defaults_unsaved(page: Client) -> None:
    page.post("/scoring/", typed(window_days=60))
    assert 'value="60"' in page.get("/scoring/").content.decode()
    assert 'value="365"' in page.get("/scoring/?defaults").content.decode()
    filled = page.get("/scoring/?fifths").context["form"]  # There is no night, so nothing to fill in.
    assert (filled.initial["mode"], filled.initial["window_days"]) == ("quantile", 60)
    assert scoring_now().window_days == 60


@pytest.mark.django_db(transaction=True)
def test_it_fills_in_the_fifths_of_the_night_that_is_shown(page: Client, crowd: list[Member]) -> None:
    make_night()
    page.post("/scoring/", typed(window_days=60))
    filled = page.get("/scoring/?fifths").context
    assert (filled["form"].initial["mode"], filled["form"].initial["window_days"]) == ("fixed", 365)
    points = preview.fifths(NightlyRun.objects.get())
    assert [filled["form"].initial[f"m{number}"] * 100 for number in range(1, 5)] == points["m"]
    assert points["m"] != RfmSettings().breaks["m"]
    assert scoring_now().mode == "quantile"


@pytest.mark.django_db
def test_it_offers_to_make_a_night_of_other_settings_again(page: Client, night: NightlyRun) -> None:
    assert "Make it again now" not in page.get("/scoring/").content.decode()
    page.post("/scoring/", typed(window_days=60))
    assert "Make it again now" in page.get("/scoring/").content.decode()
    assert page.post("/scoring/night/").status_code == 302
    assert Job.unscoped.get(kind="nightly").payload == {"as_of": NIGHT.isoformat()}
    again = page.post("/scoring/night/", follow=True).content.decode()
    assert "A night is being made already" in again


@pytest.mark.django_db
def test_it_names_groups_everywhere_at_once(
    page: Client, night: NightlyRun, marketer: Staff, store: Store
) -> None:
    names = {"en_champions": "Best <friends>", "zh_champions": "挚友", "en_111": "Top value"}
    assert page.post("/scoring/names/", names).status_code == 302
    assert AuditEvent.unscoped.get(code="scoring.named").after["champions"] == "挚友 / Best <friends>"
    member = Member.unscoped.get(score__segment="champions")
    for url in ("/segments/", "/segments/members/", f"/members/{member.pk}/"):
        said = page.get(url).content.decode()
        assert "Best &lt;friends&gt;" in said or "Best \\u003Cfriends\\u003E" in said
        assert "Champions" not in said
    assert "Top value" in page.get(f"/members/{member.pk}/").content.decode()
    rows = b"".join(page.get("/segments/members.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert "Best <friends>,Top value" in rows
    assert ("champions", "Best <friends>") in PlanForm().fields["segment"].choices  # type: ignore[attr-defined]
    assert page.post("/scoring/names/", {"reset": "1"} | names).status_code == 302
    assert not GroupName.objects.exists()
    assert "Champions" in page.get("/segments/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["en_loyal", "en_promising"])
def test_it_refuses_one_name_for_two_segments(page: Client, field: str) -> None:
    answer = page.post("/scoring/names/", {field: "at RISK", "zh_new": "新朋友"})
    assert answer.status_code == 422
    assert "Another is called “at RISK” already." in answer.content.decode().replace("At risk", "at RISK")
    assert not GroupName.objects.exists()
    # The name that another gives up may be taken.
    assert page.post("/scoring/names/", {field: "At risk", "en_at_risk": "In danger"}).status_code == 302


@pytest.mark.django_db
def test_the_default_names_differ_in_both_languages() -> None:
    assert GroupNamesForm({}, names={}).is_valid()


@pytest.mark.django_db(transaction=True)
def test_pages_colour_cells_as_the_night_had_them(page: Client, store: Store) -> None:
    a_receipt(store, NIGHT, make_member(store))
    page.post("/scoring/", typed(cell_1_1="champions"))
    make_night()
    page.post("/scoring/", typed(cell_1_1="loyal"))
    chart = page.get("/segments/").context["grid_chart"]
    assert ["1", "1", "Champions", "1"] in [row.cells for row in chart.rows]
