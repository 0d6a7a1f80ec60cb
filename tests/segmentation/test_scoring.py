"""Settings of scoring: what a preview says is what the night then does."""

from typing import Any, cast

import pytest
from django.utils.translation import override

from members.models import Member
from members.services import profiling_end
from organization.jobs import job_retry, job_run
from organization.models import AuditEvent, Staff, Store
from segmentation.analytics import rfm
from segmentation.labels import CLASS_LABELS, SEGMENT_LABELS
from segmentation.models import GroupName, MemberScore, NightlyRun, RfmSettings
from segmentation.nightly.preview import fifths, preview
from segmentation.selectors import scoring_now
from segmentation.services import Outdated, ScoringFields, group_names_save, scoring_save
from tests.conftest import make_member
from tests.segmentation.builders import NIGHT, a_receipt, days_before, make_night, published_rows

pytestmark = pytest.mark.django_db(transaction=True)

TURNED = [list(row) for row in reversed(rfm.DEFAULT_GRID)]
BREAKS = {"r": [2, 9, 20, 33], "f": [2, 3, 4, 5], "m": [2_000, 4_000, 6_000, 9_000]}


def change(actor: Staff, **fields: Any) -> RfmSettings | None:
    now = scoring_now()
    whole = {name: getattr(now, name) for name in ScoringFields.__annotations__}
    return scoring_save(actor=actor, fields=cast(ScoringFields, whole | fields), based_on=now.pk)


def segments() -> dict[int, str]:
    rows = MemberScore.unscoped.filter(segment__isnull=False)
    return {pk: str(segment) for pk, segment in rows.values_list("pk", "segment")}


CHANGES: tuple[dict[str, Any], ...] = (
    {"grid": TURNED},
    {"mode": "fixed", "breaks": BREAKS},
    {"mode": "peers", "peers": "store"},
    {"mode": "peers", "peers": "region", "window_days": 30},
    {"mode": "peers", "peers": "store", "window_days": 30},
    {"mode": "fixed", "breaks": BREAKS, "window_days": 1_000},
    {"window_days": 30},
)


@pytest.mark.parametrize("fields", CHANGES, ids=str)
def test_it_foretells_what_the_night_then_does(
    crowd: list[Member], store: Store, other_store: Store, admin: Staff, fields: dict[str, Any]
) -> None:
    for place, days, total in ((other_store, 300, "9.50"), (store, 31, "70.00"), (other_store, 500, "5.00")):
        a_receipt(place, days_before(days), crowd[4], total=total)
    for number, member in enumerate(crowd[::3]):  # The other store's come more often than those of the first.
        for days in range(1, 2 + number % 7):
            a_receipt(other_store, days_before(days), member, total="12.00")
    a_receipt(other_store, days_before(3), crowd[6], total="44.00", returned="44.00")
    a_receipt(other_store, days_before(2), crowd[6], total="-44.00", is_return=True)
    a_receipt(store, days_before(800), crowd[7], total="88.00")
    profiling_end(member=crowd[9])
    make_night()
    before = segments()
    foretold = preview(RfmSettings(**fields))
    assert published_rows()["MemberScore"]
    assert segments() == before
    saved = change(admin, **fields)
    make_night()
    after = segments()
    assert NightlyRun.objects.get().settings == saved
    assert foretold is not None
    assert (foretold.before, foretold.after) == (len(before), len(after))
    assert foretold.changed == sum(before.get(pk) != after.get(pk) for pk in {*before, *after})
    assert foretold.changed > 0
    for size in foretold.sizes:
        assert size.before == list(before.values()).count(size.code)
        assert size.after == list(after.values()).count(size.code)
    for moved in foretold.moves:
        assert moved.members == sum(
            (before.get(pk, ""), after.get(pk, "")) == (moved.old, moved.new) for pk in {*before, *after}
        )
    assert foretold.shares == NightlyRun.objects.get().score_shares


def test_it_finds_the_break_points_that_leave_all_where_they_are(crowd: list[Member], store: Store) -> None:
    for number, member in enumerate(crowd[:40]):  # So that every score has somebody.
        for visit in range(2 + number % 5):
            a_receipt(store, days_before(50 + visit), member, total=f"{30 + visit}.00")
    make_night()
    run = NightlyRun.objects.get()
    points = fifths(run)
    assert set(points) == {"r", "f", "m"}
    as_it_was = preview(RfmSettings(mode="fixed", breaks=points))
    assert as_it_was is not None
    assert (as_it_was.changed, as_it_was.shares) == (0, run.score_shares)
    earlier = points | {"r": [points["r"][0] - 1, *points["r"][1:]]}
    other = preview(RfmSettings(mode="fixed", breaks=earlier))
    assert other is not None
    assert other.shares != run.score_shares


def test_it_finds_none_where_a_score_is_empty(store: Store) -> None:
    a_receipt(store, NIGHT, make_member(store))
    make_night()
    assert fifths(NightlyRun.objects.get()) == {}


def test_it_changes_nothing_by_the_same_settings(crowd: list[Member], admin: Staff) -> None:
    make_night()
    foretold = preview(scoring_now())
    assert foretold is not None
    assert (foretold.changed, list(foretold.moves), foretold.groups) == (0, [], 0)
    assert change(admin) is None
    assert not RfmSettings.objects.exists()


def test_it_says_how_many_peer_groups_are_small(crowd: list[Member]) -> None:
    assert preview(RfmSettings()) is None
    make_night()
    foretold = preview(RfmSettings(mode="peers", peers="store"))
    assert foretold is not None
    assert (foretold.groups, foretold.few) == (2, 0)


def test_a_night_made_again_shows_the_settings_of_before_until_it_is_published(
    crowd: list[Member], admin: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_night()
    change(admin, window_days=30, grid=TURNED)
    with monkeypatch.context() as broken:
        broken.setattr("segmentation.nightly.publish.totals_write", lambda run: 1 / 0)
        make_night()
    assert (NightlyRun.objects.get().window_days, NightlyRun.objects.get().settings) == (365, None)
    make_night()
    assert (NightlyRun.objects.get().window_days, NightlyRun.objects.get().scoring.grid) == (30, TURNED)


def test_a_night_that_goes_on_keeps_the_settings_of_its_facts(
    crowd: list[Member], admin: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(admin, window_days=30)
    with monkeypatch.context() as broken:
        broken.setattr("segmentation.nightly.publish.totals_write", lambda run: 1 / 0)
        job = make_night()
    change(admin, window_days=90, grid=TURNED)
    assert job_retry(job)
    job_run(job.pk)
    run = NightlyRun.objects.get()
    assert (run.window_days, run.scoring.grid) == (30, [list(row) for row in rfm.DEFAULT_GRID])
    make_night()
    run.refresh_from_db()
    assert (run.window_days, run.scoring.grid) == (90, TURNED)


def test_it_keeps_what_was_before_in_the_audit(admin: Staff) -> None:
    grid = [list(row) for row in rfm.DEFAULT_GRID]
    grid[0][4] = "loyal"
    saved = change(admin, mode="fixed", grid=grid)
    event = AuditEvent.unscoped.get(code="scoring.changed")
    assert saved is not None
    assert (event.actor, event.object_id) == (admin, saved.pk)
    assert event.before == {"mode": "quantile", "R1 F5": "cant_lose"}
    assert event.after == {"mode": "fixed", "R1 F5": "loyal"}


def test_it_refuses_a_change_made_from_an_older_version(admin: Staff) -> None:
    fields = {name: getattr(RfmSettings(), name) for name in ScoringFields.__annotations__}
    change(admin, window_days=90)
    with pytest.raises(Outdated):
        scoring_save(actor=admin, fields=ScoringFields(**fields), based_on=None)  # type: ignore[typeddict-item]
    assert scoring_now().window_days == 90


def test_it_refuses_a_gap_and_points_that_do_not_rise(admin: Staff) -> None:
    gap = [list(row) for row in rfm.DEFAULT_GRID]
    gap[2][2] = ""
    with pytest.raises(ValueError, match="R3 F3"):
        change(admin, grid=gap)
    with pytest.raises(ValueError, match="rising"):
        change(admin, breaks=BREAKS | {"f": [1, 1, 2, 3]})
    assert not RfmSettings.objects.exists()
    assert not AuditEvent.unscoped.filter(code="scoring.changed").exists()


def test_it_names_segments_in_both_languages_and_takes_the_names_back(admin: Staff) -> None:
    assert group_names_save(actor=admin, names={"loyal": ("老友", "Old friends"), "101": ("", "Deepen")})
    assert not group_names_save(actor=admin, names={"loyal": ("老友", "Old friends"), "101": ("", "Deepen")})
    assert (SEGMENT_LABELS["loyal"], CLASS_LABELS["101"]) == ("Old friends", "Deepen")
    with override("zh-hans"):
        assert (SEGMENT_LABELS["loyal"], CLASS_LABELS["101"]) == ("老友", "重要深耕")
    assert list(SEGMENT_LABELS) == list(rfm.SEGMENTS)
    assert group_names_save(actor=admin, names={"loyal": ("", ""), "101": ("", "")})
    assert (SEGMENT_LABELS["loyal"], CLASS_LABELS["101"]) == ("Loyal", "High value, deepen")
    assert not GroupName.objects.exists()
    assert AuditEvent.unscoped.filter(code="scoring.named").count() == 2


def test_it_scores_every_night_by_the_settings_of_then(crowd: list[Member], admin: Staff) -> None:
    make_night(days_before(1))
    change(admin, mode="peers", peers="store")
    make_night(NIGHT)
    first, second = NightlyRun.objects.order_by("as_of")
    assert (first.scoring.mode, second.scoring.mode) == ("quantile", "peers")
    assert second.touched is not None
