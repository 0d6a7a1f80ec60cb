"""A sample of published rows is compared with all receipts: what differs is found, and is told."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from members.models import Member, ProfilingObjection
from members.services import profiling_end, profiling_resume
from organization import watch
from organization.jobs import job_run
from organization.models import Alert, Job, Staff, Store, WorkerBeat
from organization.services import region_ensure
from organization.watch import standing
from segmentation import services, tasks
from segmentation.models import MemberScore, NightlyRun, RfmSettings, ScoreCheck, ScoreDifference
from segmentation.nightly import selfcheck
from segmentation.nightly.reading import facts_of
from tests.segmentation.builders import NIGHT, a_product, a_receipt, days_before, make_night

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def nights(crowd: list[Member], store: Store) -> list[Member]:
    """Two nights, the second of touched members only."""
    make_night(days_before(1))
    for member in crowd[:9]:
        a_receipt(store, NIGHT, member, total="33.00", lines=[(a_product(f"N{member.pk}"), 2)])
    make_night()
    assert NightlyRun.objects.get(as_of=NIGHT).touched == 9
    return crowd


def make_check() -> ScoreCheck:
    job = services.score_check_start(asked_by=None)
    job_run(job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.DONE, job.error
    check = ScoreCheck.objects.order_by("-pk").first()
    assert check is not None
    return check


def found(check: ScoreCheck) -> list[tuple[int, str, str | None, str | None]]:
    rows = ScoreDifference.unscoped.filter(check_of=check).order_by("pk")
    return list(rows.values_list("member", "field", "published", "found"))


def test_it_is_quiet_where_everything_agrees(nights: list[Member]) -> None:
    check = make_check()
    assert (check.as_of, check.members, check.scored) == (NIGHT, 150, 150)
    assert (check.difference_count, check.changed_since) == (0, 0)
    assert [problem.key for problem in standing.state().problems if problem.key == "scores"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lifetime_receipts", 77),
        ("spend", "0.01"),
        ("last_day", days_before(300)),
        ("gap_mean", None),
        ("slim_share", 0.123),
        ("top_brand", None),
        ("stores", 9),
        ("home_store", None),
        ("r", 0),
        ("segment", "nonsense"),
        ("value_class", "002"),
    ],
)
def test_it_finds_a_field_that_was_changed(nights: list[Member], field: str, value: object) -> None:
    member = MemberScore.unscoped.filter(gap_mean__isnull=False, packs__gt=0).first()
    assert member is not None
    MemberScore.unscoped.filter(pk=member.pk).update(**{field: value})
    check = make_check()
    assert (member.pk, field) in {row[:2] for row in found(check)}
    assert check.difference_count >= 1


def test_it_finds_a_home_store_and_a_row_that_is_gone(nights: list[Member], other_store: Store) -> None:
    moved, lost = nights[1], nights[2]
    Member.unscoped.filter(pk=moved.pk).update(home_store=other_store)
    receipts = MemberScore.unscoped.get(pk=lost.pk).receipts
    MemberScore.unscoped.filter(pk=lost.pk).delete()
    differences = found(make_check())
    assert (moved.pk, "home_store", other_store.code, "0001") in differences
    assert (lost.pk, "receipts", None, str(receipts)) in differences


def test_it_leaves_out_who_bought_since(nights: list[Member], store: Store) -> None:
    """The next night looks at them; whether they are published rightly nothing tells any more."""
    a_receipt(store, NIGHT, nights[20], total="500.00")
    check = make_check()
    assert (check.members, check.changed_since, check.difference_count) == (149, 1, 0)


def test_it_allows_for_members_who_left_since(nights: list[Member]) -> None:
    best = MemberScore.unscoped.order_by("-spend").first()
    worst = MemberScore.unscoped.order_by("last_day").first()
    assert best and worst
    profiling_end(member=best.member)
    Member.unscoped.filter(pk=nights[2].pk).update(is_anonymous=True)
    MemberScore.unscoped.filter(pk=nights[2].pk).delete()
    profiling_end(member=worst.member)
    profiling_resume(member=worst.member, actor=None)
    assert ProfilingObjection.unscoped.count() == 1
    check = make_check()
    assert (check.difference_count, check.scored) == (0, 147)
    MemberScore.unscoped.filter(m=1).update(m=5)
    assert {row[1] for row in found(make_check())} == {"m"}


def test_it_alerts_until_a_check_is_clean(
    nights: list[Member], monkeypatch: pytest.MonkeyPatch, admin: Staff, client: Client
) -> None:
    monkeypatch.setattr(standing, "broker_answers", lambda: True)
    WorkerBeat.unscoped.create(name="w", started_at=timezone.now(), seen_at=timezone.now())
    wrong = nights[5]
    MemberScore.unscoped.filter(pk=wrong.pk).update(purchase_days=99)
    make_check()
    watch.check()
    alert = Alert.unscoped.get(key="scores")
    assert (alert.until, alert.values) == (None, {"day": "2025-06-30", "n": 1})
    client.force_login(admin)
    page = client.get("/nights/").content.decode()
    assert wrong.label in page
    assert "Purchase days" in page
    assert "99" in page
    make_night(full=True)
    make_check()
    watch.check()
    alert.refresh_from_db()
    assert alert.until is not None
    assert wrong.label not in client.get("/nights/").content.decode()


def test_it_sees_a_night_published_meanwhile_whole_or_not_at_all(
    nights: list[Member], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its reading of facts and of scores another night is published."""
    read = facts_of

    def and_publish(run: NightlyRun, members: Any) -> object:
        facts = read(run, members)
        elsewhere(lambda: make_night(NIGHT + timedelta(days=40)))
        return facts

    monkeypatch.setattr(selfcheck, "facts_of", and_publish)
    with time_machine.travel(NIGHT + timedelta(days=60), tick=True):
        check = make_check()
    assert (check.as_of, check.difference_count) == (NIGHT, 0)
    assert NightlyRun.objects.filter(as_of__gt=NIGHT, published_at__isnull=False).exists()


def elsewhere(work: Callable[[], object]) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as failure:
            failures.append(failure)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert not failures


def test_it_is_made_once_a_week(nights: list[Member]) -> None:
    def ring() -> int:
        tasks.check_scores()
        for job in Job.unscoped.filter(kind=services.CHECK_KIND, status=Job.Status.QUEUED):
            job_run(job.pk)
        return ScoreCheck.objects.count()

    begin = timezone.now()
    assert (ring(), ring()) == (1, 1)
    with time_machine.travel(begin + timedelta(days=6), tick=True):
        assert ring() == 1
    with time_machine.travel(begin + timedelta(days=7), tick=True):
        assert ring() == 2


def test_it_does_not_compare_regions_that_have_changed(nights: list[Member], store: Store) -> None:
    RfmSettings.objects.create(mode=RfmSettings.Mode.PEERS)
    make_night()
    assert make_check().difference_count == 0
    Store.unscoped.filter(pk=store.pk).update(region=region_ensure(names=["北"]))
    job = services.score_check_start(asked_by=None)
    job_run(job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.FAILED and "check again after the next one" in job.error
    make_night()
    assert make_check().difference_count == 0


def test_it_waits_for_the_first_night(db: None) -> None:
    tasks.check_scores()
    assert not Job.unscoped.filter(kind=services.CHECK_KIND).exists()


def test_it_draws_others_each_week(nights: list[Member], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selfcheck, "SAMPLE", 3)
    drawn: list[set[int]] = []

    def look_at(run: NightlyRun, members: Any) -> list[Any]:
        drawn.append(set(members.tolist()))
        return []

    monkeypatch.setattr(selfcheck, "_of_facts", look_at)
    for week in (1, 1, 2):
        with transaction.atomic():
            selfcheck.look(week)
    assert drawn[0] == drawn[1] != drawn[2]
    assert 3 <= len(drawn[0]) <= 6
