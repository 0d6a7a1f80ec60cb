"""The nightly run: what it publishes, and that making it again changes nothing."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from members.models import Member
from organization.jobs import JobError, job_retry, job_run
from organization.models import Job, Staff, Store
from sales.models import Receipt, StoreDay, StoreHour
from sales.services import receipts_changed
from segmentation import services
from segmentation.models import (
    CellTotal,
    ClusterModelRow,
    ClusterTotal,
    MemberScore,
    NightlyRun,
    NightlyStage,
    PendingFacts,
    ScoreChange,
    SegmentTotal,
    StageName,
)
from segmentation.nightly import hooks
from segmentation.nightly import publish as publishing
from segmentation.nightly.run import latest_published
from tests.conftest import make_member
from tests.segmentation.builders import (
    NIGHT,
    a_product,
    a_receipt,
    days_before,
    make_night,
    morning_after,
    published_rows,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_hooks", [])


def test_it_publishes_hand_checked_facts(store: Store, other_store: Store) -> None:
    product = a_product()
    member = make_member(store)
    for days, total in ((10, "40.00"), (6, "20.00")):
        a_receipt(other_store, days_before(days), member, total=total, lines=[(product, 2)])
    sold = a_receipt(store, days_before(2), member, total="30.00", returned="30.00", lines=[(product, 1)])
    a_receipt(
        store,
        days_before(1),
        member,
        total="-30.00",
        is_return=True,
        original=sold.number,
        lines=[(product, -1)],
    )
    assert make_night().status == Job.Status.DONE
    score = MemberScore.unscoped.get(member=member)
    assert (score.receipts, score.purchase_days, score.packs) == (2, 2, 4)
    assert (score.spend, score.lifetime_spend) == (Decimal("60.00"), Decimal("60.00"))
    assert (score.first_day, score.last_day) == (days_before(10), days_before(6))
    assert (score.gap_mean, score.mean_ticket, score.price_per_pack) == (4.0, 30.0, 15.0)
    assert (score.r, score.f, score.m, score.segment) == (1, 1, 1, "hibernating")
    member.refresh_from_db()
    assert member.home_store == other_store


def test_it_adds_receipts_of_before_the_window_to_a_life(store: Store) -> None:
    member, gone = make_member(store), make_member(store)
    sold = a_receipt(store, days_before(500), member, total="30.00", returned="30.00")
    a_receipt(store, days_before(400), member, total="-30.00", is_return=True, original=sold.number)
    a_receipt(store, days_before(450), member, total="12.34")
    a_receipt(store, days_before(3), member, total="20.00")
    a_receipt(store, days_before(420), gone, total="-0.01", is_return=True)
    make_night()
    score = MemberScore.unscoped.get(member=member)
    assert (score.lifetime_receipts, score.lifetime_spend) == (2, Decimal("32.34"))
    assert (score.receipts, score.spend) == (1, Decimal("20.00"))
    assert (score.first_day, score.last_day) == (days_before(450), days_before(3))
    score = MemberScore.unscoped.get(member=gone)
    assert (score.lifetime_receipts, score.lifetime_spend) == (0, Decimal("-0.01"))
    assert (score.first_day, score.last_day, score.r) == (None, None, None)


def test_it_sums_store_days_with_returns_taken_back(store: Store) -> None:
    product = a_product()
    member, other = make_member(store), make_member(store)
    first = days_before(30)
    a_receipt(store, first, member, total="10.00", lines=[(product, 1)])
    a_receipt(store, NIGHT, member, total="25.00", minute=1_090, lines=[(product, 2)])
    a_receipt(store, NIGHT, None, total="7.00", minute=1_110, lines=[(product, 1)])
    sold = a_receipt(store, days_before(1), other, total="9.00", returned="9.00", lines=[(product, 1)])
    a_receipt(store, NIGHT, other, total="-9.00", is_return=True, original=sold.number, lines=[(product, -1)])
    make_night()
    day = StoreDay.unscoped.get(store=store, day=NIGHT)
    assert (day.sales, day.receipts, day.packs) == (Decimal("23.00"), 2, 2)
    assert (day.member_sales, day.member_receipts) == (Decimal("16.00"), 1)
    # The visit 30 days ago makes a repeat buyer, but is no longer inside the 30 days to today.
    assert (day.buyers, day.repeat_buyers, day.active_members) == (1, 1, 1)
    assert StoreDay.unscoped.get(day=days_before(1)).active_members == 1
    assert StoreDay.unscoped.get(day=days_before(1)).receipts == 0
    evening = StoreHour.unscoped.get(day=NIGHT, hour=18)
    assert (evening.receipts, evening.member_receipts, evening.sales) == (2, 1, Decimal("32.00"))


def test_it_adds_up_over_stores_segments_cells_and_clusters(crowd: list[Member]) -> None:
    make_night()
    run = NightlyRun.objects.get()
    assert run.members_scored == len(crowd)
    for model in (SegmentTotal, CellTotal, ClusterTotal):
        assert sum(model.unscoped.values_list("members", flat=True)) == len(crowd)
    assert [sum(shares) for shares in run.score_shares.values()] == [len(crowd)] * 3
    total = sum(Receipt.unscoped.values_list("total", flat=True))
    assert sum(SegmentTotal.unscoped.values_list("spend", flat=True)) == total
    assert not PendingFacts.unscoped.exists()
    assert len(ClusterModelRow.objects.get().clusters) >= 4


def test_it_gives_the_same_rows_when_made_again(crowd: list[Member], store: Store) -> None:
    make_night(days_before(1))
    for member in crowd[:40]:
        a_receipt(store, NIGHT, member, total="88.00")
    make_night()
    once = published_rows()
    assert once["ScoreChange"]
    assert make_night().status == Job.Status.DONE
    assert published_rows() == once


def test_it_writes_a_row_only_for_a_change(crowd: list[Member], store: Store) -> None:
    make_night(days_before(1))
    assert not ScoreChange.unscoped.exists()
    before = _states()
    newcomer = make_member(store)
    a_receipt(store, NIGHT, newcomer, total="88.00")
    make_night()
    after, nothing = _states(), (None,) * 4
    changed = {pk: (before.get(pk, nothing), new) for pk, new in after.items() if before.get(pk) != new}
    rows = list(ScoreChange.unscoped.filter(day=NIGHT))
    assert {
        row.member_id: (
            (row.old, row.old_r, row.old_f, row.old_m),
            (row.new, row.new_r, row.new_f, row.new_m),
        )
        for row in rows
    } == changed
    assert changed[newcomer.pk] == (nothing, after[newcomer.pk])
    behind = {row.member_id: (row.last_day, row.receipts, row.spend) for row in rows}
    published = MemberScore.unscoped.values_list("member", "last_day", "receipts", "spend")
    assert behind == {pk: tuple(facts) for pk, *facts in published if pk in changed}


def _states() -> dict[int, tuple[Any, ...]]:
    rows = MemberScore.unscoped.values_list("member", "segment", "r", "f", "m")
    return {pk: tuple(state) for pk, *state in rows}


def test_it_restates_the_day_of_a_receipt_returned_later(store: Store) -> None:
    member = make_member(store)
    with morning_after(days_before(9)):
        sold = a_receipt(store, days_before(9), member, total="30.00")
    make_night(days_before(1))
    assert StoreDay.unscoped.get(day=days_before(9)).receipts == 1
    Receipt.unscoped.filter(pk=sold.pk).update(returned="30.00")
    a_receipt(store, NIGHT, member, total="-30.00", is_return=True, original=sold.number)
    make_night()
    assert StoreDay.unscoped.get(day=days_before(9)).receipts == 0
    assert not StoreDay.unscoped.filter(active_members__gt=0).exists()
    assert MemberScore.unscoped.get().segment is None


def test_it_forgets_a_member_whose_receipts_went_to_another(store: Store, other_store: Store) -> None:
    member, other = make_member(store), make_member(store)
    a_receipt(other_store, days_before(9), member)
    make_night(days_before(1))
    rows = "SELECT member_id, business_day FROM sales_receipt"
    receipts_changed(why="moved", rows=rows)
    Receipt.unscoped.update(member=other)
    receipts_changed(why="moved", rows=rows)
    make_night()
    assert MemberScore.unscoped.get().member == other
    member.refresh_from_db()
    assert member.home_store == store
    assert ScoreChange.unscoped.get(member=member).new is None


def test_it_publishes_an_empty_night(db: None) -> None:
    assert make_night().status == Job.Status.DONE
    assert NightlyRun.objects.get().score_shares == {score: [0] * 5 for score in "rfm"}


def test_it_keeps_the_model_for_a_week_and_then_fits_again(crowd: list[Member], marketer: Staff) -> None:
    make_night(days_before(8))
    services.cluster_rename(label=1, name="老烟枪", actor=marketer)
    make_night(days_before(7))
    make_night(days_before(1))
    fitted = list(ClusterModelRow.objects.order_by("run__as_of").values_list("fitted_on", "names"))
    assert fitted[0][0] == fitted[1][0] == days_before(8)
    assert fitted[2][0] == days_before(1)
    assert fitted[1][1] == {"1": "老烟枪"}
    assert list(fitted[2][1].values()) == ["老烟枪"]


def test_it_shows_the_old_night_until_the_new_one_is_whole(
    crowd: list[Member], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_night(days_before(1))
    once = published_rows()
    a_receipt(store, NIGHT, crowd[0], total="900.00")

    def fail(run: NightlyRun) -> None:
        raise JobError("stopped just before the end")

    monkeypatch.setattr(publishing, "_run_write", fail)
    assert make_night().status == Job.Status.FAILED
    # Store days are figures of their own, kept by stage; all the rest waits for the flip.
    assert {**published_rows(), "StoreDay": 0, "StoreHour": 0} == {**once, "StoreDay": 0, "StoreHour": 0}
    assert latest_published() == NightlyRun.objects.get(as_of=days_before(1))


def test_it_resumes_at_the_stage_that_failed(crowd: list[Member], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(run: NightlyRun) -> None:
        raise JobError("not now")

    with monkeypatch.context() as broken:
        broken.setattr(publishing, "_run_write", fail)
        job = make_night()
    facts = NightlyStage.objects.get(name=StageName.FACTS).finished_at
    assert job_retry(job)
    job_run(job.pk)
    assert NightlyStage.objects.filter(status="done").count() == len(StageName)
    assert NightlyStage.objects.get(name=StageName.FACTS).finished_at == facts
    assert latest_published() is not None


def test_it_refuses_to_go_back_in_time(db: None) -> None:
    make_night()
    with pytest.raises(JobError, match="earlier"):
        make_night(days_before(1))


def test_it_refuses_a_second_night_while_one_is_open(admin: Staff) -> None:
    services.night_start(as_of=NIGHT, asked_by=admin)
    with pytest.raises(JobError, match="already"):
        services.night_start(as_of=NIGHT, asked_by=admin)


def test_it_refuses_a_day_that_is_not_over(admin: Staff) -> None:
    with morning_after(days_before(1)), pytest.raises(JobError, match="not over"):
        services.night_start(as_of=NIGHT, asked_by=admin)


def test_it_runs_hooks_after_publishing_and_again_on_retry(store: Store) -> None:
    calls: list[date] = []

    def hook(as_of: date) -> None:
        calls.append(as_of)
        assert latest_published() is not None
        if len(calls) == 1:
            raise ValueError("broken")

    hooks.after_publish(hook)
    job = make_night()
    assert job.status == Job.Status.FAILED
    assert "is published" in job.error
    assert latest_published() is not None
    job_retry(job)
    with morning_after(NIGHT):
        job_run(job.pk)
    job.refresh_from_db()
    assert (job.status, calls) == (Job.Status.DONE, [NIGHT, NIGHT])


@pytest.fixture
def on_july_4(store: Store) -> Iterator[None]:
    """Four days after NIGHT, with something sold."""
    a_receipt(store, days_before(3), make_member(store))
    with morning_after(date(2025, 7, 3)):
        yield


def test_it_makes_missed_nights_in_order(on_july_4: None) -> None:
    make_night()
    services.night_queue_next()
    # Each night queued the next one when it ended.
    for _ in range(3):
        job_run(Job.unscoped.filter(status=Job.Status.QUEUED).get().pk)
    nights = NightlyRun.objects.order_by("published_at").values_list("as_of", flat=True)
    assert list(nights) == [NIGHT + timedelta(days=number) for number in range(4)]
    assert services.nights_due(date(2025, 7, 4)) == []
    assert not Job.unscoped.all().open().exists()


def test_it_queues_nothing_after_a_night_somebody_asked_for(on_july_4: None, admin: Staff) -> None:
    job_run(services.night_start(as_of=NIGHT, asked_by=admin).pk)
    assert services.nights_due(date(2025, 7, 4))
    assert not Job.unscoped.all().open().exists()


def test_it_makes_only_the_last_night_after_a_long_break(on_july_4: None) -> None:
    NightlyRun.objects.create(as_of=days_before(13), published_at="2025-06-18T00:00Z")
    assert services.nights_due(date(2025, 7, 2)) == [days_before(13 - n) for n in range(1, 15)]
    assert services.nights_due(date(2025, 7, 3)) == [date(2025, 7, 2)]


def test_it_waits_for_the_first_receipt(db: None) -> None:
    assert services.nights_due(date(2025, 7, 4)) == []
    assert services.night_queue_next() is None


def test_it_queues_one_night_however_often_the_bell_rings(on_july_4: None) -> None:
    assert services.night_queue_next() is not None
    assert services.night_queue_next() is None
    assert Job.unscoped.get().payload == {"as_of": "2025-07-03"}


def test_it_fits_again_when_habits_shift(crowd: list[Member], store: Store) -> None:
    make_night(days_before(1))
    dear = a_product("C", brand="松鹤")
    for member in crowd:
        a_receipt(store, NIGHT, member, total="4000.00", minute=1_200, lines=[(dear, 40)])
    make_night()
    assert ClusterModelRow.objects.get(run__as_of=NIGHT).fitted_on == NIGHT


def test_it_ages_nobody_once_the_files_have_stopped(on_july_4: None) -> None:
    last = Receipt.unscoped.latest("business_day").business_day
    assert services.nights_due(last + timedelta(days=30))
    assert services.nights_due(last + timedelta(days=31)) == []
