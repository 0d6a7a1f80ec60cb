"""A member who objects to profiling is in no segment and no cluster, now and on later nights."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Sum

from campaigns.delivery import sandbox
from campaigns.models import Campaign, Message
from campaigns.policy.audience import audience
from campaigns.services import campaign_start
from members.models import Member, ProfilingObjection
from members.services import profiling_end, profiling_resume
from organization.models import AuditEvent, Staff, Store
from segmentation.models import ClusterTotal, MemberScore, PendingRank, ScoreChange, SegmentTotal
from segmentation.nightly import publish, touched
from segmentation.nightly import run as night
from segmentation.nightly.objections import FACTS, RANKS
from tests import killing
from tests.campaigns.cast import DAY, NOON, make_draft, make_night, make_reachable
from tests.segmentation import builders
from tests.segmentation.conftest import crowd

__all__ = ["crowd"]
SCORES = ("r", "f", "m", "segment", "cluster", "value_class")


def profile(member: Member) -> list[Any]:
    return list(MemberScore.unscoped.values_list(*SCORES).get(member=member))


def test_it_clears_the_published_scores_at_once(store: Store) -> None:
    member, other = make_reachable(store), make_reachable(store)
    MemberScore.unscoped.update(r=5, f=5, m=5, cluster=0, value_class="111", top_brand=1, evening_share=0.5)
    ScoreChange.unscoped.create(member=member, day=DAY, old="new", new="loyal")
    profiling_end(member=member)
    row = MemberScore.unscoped.filter(member=member).values().get()
    assert {row[name] for name in FACTS + RANKS} == {None}
    assert (row["receipts"], row["spend"], row["lifetime_receipts"]) == (1, 1, 1)
    assert profile(other) == [5, 5, 5, "loyal", 0, "111"]
    assert not ScoreChange.unscoped.exists()


def test_it_is_recorded_once_with_its_source(store: Store) -> None:
    member = make_reachable(store)
    for _ in range(2):
        profiling_end(member=member)
    assert ProfilingObjection.unscoped.get().source == "own page"
    event = AuditEvent.unscoped.get(code="member.self_profiling_ended")
    assert event.actor is None and event.object_id == member.pk


def test_it_counts_scores_and_shares_among_what_is_cleared_and_no_sum() -> None:
    assert set(SCORES) < {*FACTS, *RANKS}
    assert not {"receipts", "spend", "lifetime_spend", "first_day", "last_day", "packs"} & {*FACTS, *RANKS}


@pytest.mark.django_db(transaction=True)
def test_it_keeps_the_member_out_of_the_nights_that_follow(crowd: list[Member]) -> None:
    builders.make_night()
    member = crowd[7]
    sums = {"receipts": 4, "spend": MemberScore.unscoped.get(member=member).spend}
    assert None not in profile(member)
    profiling_end(member=member)
    builders.make_night(builders.NIGHT + timedelta(days=1))
    assert set(profile(member)) == {None}
    score = MemberScore.unscoped.get(member=member)
    assert {"receipts": score.receipts, "spend": score.spend} == sums
    assert not ScoreChange.unscoped.filter(member=member).exists()
    latest = SegmentTotal.unscoped.filter(day=builders.NIGHT + timedelta(days=1))
    assert latest.aggregate(n=Sum("members"))["n"] == len(crowd) - 1
    assert ClusterTotal.unscoped.aggregate(n=Sum("members"))["n"] == len(crowd) - 1
    profiling_resume(member=member, actor=None)
    builders.make_night(builders.NIGHT + timedelta(days=2))
    assert None not in profile(member)


@pytest.mark.django_db(transaction=True)
def test_it_counts_though_the_night_is_half_made(
    crowd: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    member = crowd[7]
    carry_out = night._carry_out

    def objecting(run: Any, name: str, progress: Any) -> None:
        if name == "publish":
            assert PendingRank.unscoped.get(member=member).segment
            profiling_end(member=member)
        carry_out(run, name, progress)  # type: ignore[arg-type]

    monkeypatch.setattr(night, "_carry_out", objecting)
    builders.make_night()
    assert set(profile(member)) == {None}
    assert None not in profile(crowd[8])


@pytest.mark.django_db(transaction=True)
def test_who_takes_it_back_while_a_night_is_made_is_looked_at_by_the_next(
    crowd: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The night read the facts of others only, and then saw no objection any more."""
    member = crowd[7]
    profiling_end(member=member)
    builders.make_night(builders.days_before(1))
    builders.a_receipt(member.enrolment_store, builders.NIGHT, crowd[8])
    carry_out = night._carry_out

    def resuming(run: Any, name: str, progress: Any) -> None:
        if name == "scores":
            profiling_resume(member=member, actor=None)
        carry_out(run, name, progress)  # type: ignore[arg-type]

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(night, "_carry_out", resuming)
        meanwhile.setattr(touched, "MOST_TOUCHED", 1_000)
        builders.make_night()
    assert set(profile(member)) == {None}
    builders.make_night(builders.NIGHT + timedelta(days=1))
    found = profile(member)
    assert None not in found
    builders.make_night(builders.NIGHT + timedelta(days=1), full=True)
    assert profile(member) == found


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_a_night_that_moves_the_member_home(
    crowd: list[Member], other_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = crowd[7]
    assert member.home_store != other_store
    for _visit in range(5):
        builders.a_receipt(other_store, builders.NIGHT, member)
    write = publish.STAGE.write

    def object_to_it() -> None:
        profiling_end(member=member)
        connection.close()

    def beside_an_objection(run: Any, found: Any) -> Any:
        objections.append(pool.submit(object_to_it))
        killing.until(killing.somebody_waits_for_a_table)
        return write(run, found)

    objections: list[Future[None]] = []
    monkeypatch.setattr(publish, "STAGE", replace(publish.STAGE, write=beside_an_objection))
    with ThreadPoolExecutor(1) as pool:
        assert builders.make_night().status == "done"
        objections[0].result()
    assert set(profile(member)) == {None}
    member.refresh_from_db()
    assert member.home_store == other_store


def test_it_takes_the_member_out_of_audiences_and_waiting_messages(store: Store, marketer: Staff) -> None:
    make_night()
    members = [make_reachable(store) for _ in range(16)]
    campaign = campaign_start(campaign=make_draft(marketer), actor=marketer, as_of=DAY)
    waiting = campaign.messages.order_by("pk").first()
    assert waiting
    profiling_end(member=waiting.member)
    sandbox.deliver(campaign=campaign, at=NOON)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.reason) == (Message.Status.REFUSED, "profiling")
    chosen = audience(segment="loyal", stores=[store], channel="sms", day=DAY + timedelta(days=90))
    assert waiting.member_id not in chosen.members and chosen.found == len(members) - 1
    assert Campaign.unscoped.get().messages.filter(status="delivered").exists()


def test_it_is_taken_back_by_nobody_but_the_member(store: Store, admin: Staff) -> None:
    member = make_reachable(store)
    profiling_end(member=member)
    with pytest.raises(PermissionDenied):
        profiling_resume(member=member, actor=admin)
    assert ProfilingObjection.unscoped.exists()
    profiling_resume(member=member, actor=None)
    assert not ProfilingObjection.unscoped.exists()
    assert AuditEvent.unscoped.filter(code="member.self_profiling_resumed", actor=None).count() == 1
