from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from campaigns.models import Assignment, Campaign, Message
from campaigns.policy.audience import audience, latest_birth_date
from campaigns.policy.rules import BY_CODE, Reason
from members.models import Consent, Member, SelfExclusion
from organization.models import Store
from tests.campaigns.cast import DAY, NOON, make_reachable

Reasons = Callable[[], dict[Reason, int]]


@pytest.fixture
def reasons(store: Store) -> Reasons:
    def judge() -> dict[Reason, int]:
        return audience(segment="loyal", stores=[store], channel="sms", day=DAY).removed

    return judge


def message(member: Member, *, day: date | None, status: str = "delivered") -> Message:
    """A message at noon of a day, of a campaign of its own; no day for one still waiting."""
    campaign = Campaign.unscoped.create(name="earlier", channel="sms", salt="")
    sent_at = day and datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    return Message.unscoped.create(
        campaign=campaign, member=member, channel="sms", status=status, sent_at=sent_at
    )


def test_it_lets_a_verified_adult_with_consent_through(store: Store) -> None:
    member = make_reachable(store)
    found = audience(segment="loyal", stores=[store], channel="sms", day=DAY)
    assert (found.found, found.removed, found.members.tolist()) == (1, {}, [member.pk])
    assert found.home_stores.tolist() == [store.pk]


def test_it_takes_only_the_segment_in_the_stores(store: Store, other_store: Store) -> None:
    make_reachable(other_store)
    make_reachable(store, segment="champions")
    assert audience(segment="loyal", stores=[store], channel="sms", day=DAY).found == 0


def test_it_keeps_out_who_is_not_verified(store: Store, reasons: Reasons) -> None:
    make_reachable(store).age_verification.delete()
    assert reasons() == {Reason.AGE: 1}


@pytest.mark.parametrize(
    ("born", "kept_out"),
    [
        (date(2008, 11, 20), False),  # eighteen today
        (date(2008, 11, 21), True),  # tomorrow
        (None, False),  # proof was seen
    ],
)
def test_it_keeps_out_who_is_too_young_on_the_day(
    store: Store, reasons: Reasons, born: date | None, kept_out: bool
) -> None:
    make_reachable(store, birth_date=born)
    assert (Reason.AGE in reasons()) == kept_out


def test_it_obeys_a_higher_minimum_age(store: Store, reasons: Reasons, settings: Any) -> None:
    settings.MINIMUM_AGE = 21
    make_reachable(store, birth_date=date(2006, 1, 1))
    assert reasons() == {Reason.AGE: 1}


def test_it_makes_a_leap_day_child_eighteen_on_the_first_of_march() -> None:
    born = date(2008, 2, 29)
    assert born > latest_birth_date(date(2026, 2, 28), age=18)
    assert born <= latest_birth_date(date(2026, 3, 1), age=18)
    assert latest_birth_date(date(2028, 2, 29), age=18) == date(2010, 2, 28)


def test_it_keeps_out_who_asked_to_be_left_alone(store: Store, reasons: Reasons) -> None:
    SelfExclusion.unscoped.create(member=make_reachable(store), at=NOON, source="counter")
    assert reasons() == {Reason.SELF_EXCLUDED: 1}


def test_it_obeys_the_latest_consent_entry(store: Store, reasons: Reasons) -> None:
    member = make_reachable(store)
    later = {"member": member, "channel": "sms", "purpose": "marketing", "source": "app"}
    Consent.unscoped.create(**later, granted=False, at=NOON + timedelta(minutes=1))
    assert reasons() == {Reason.CONSENT: 1}
    Consent.unscoped.create(**later, granted=True, at=NOON + timedelta(minutes=2))
    assert reasons() == {}


def test_it_needs_consent_for_this_channel(store: Store) -> None:
    make_reachable(store)
    found = audience(segment="loyal", stores=[store], channel="email", day=DAY)
    assert found.removed == {Reason.CONSENT: 1}


@pytest.mark.parametrize(("days_ago", "kept_out"), [(0, True), (6, True), (7, False)])
def test_it_sends_one_message_in_seven_days(
    store: Store, reasons: Reasons, days_ago: int, kept_out: bool
) -> None:
    message(make_reachable(store), day=DAY - timedelta(days=days_ago))
    assert (Reason.FREQUENCY in reasons()) == kept_out


@pytest.mark.parametrize(("third", "kept_out"), [(29, True), (30, False)])
def test_it_sends_three_messages_in_thirty_days(
    store: Store, reasons: Reasons, third: int, kept_out: bool
) -> None:
    member = make_reachable(store)
    for days_ago in (8, 16, third):
        message(member, day=DAY - timedelta(days=days_ago))
    assert (Reason.FREQUENCY in reasons()) == kept_out


def hold_out(member: Member, *, day: date) -> Assignment:
    """Held out of a campaign of its own that started on the day."""
    campaign = Campaign.unscoped.create(
        name="earlier", channel="sms", salt="", status="running", starts_on=day, ends_on=day
    )
    return Assignment.unscoped.create(
        campaign=campaign, member=member, bucket=0, treated=False, home_store=member.home_store
    )


@pytest.mark.parametrize(("days_ago", "kept_out"), [(0, True), (6, True), (7, False)])
def test_it_counts_the_held_out_as_if_they_had_been_written_to(
    store: Store, reasons: Reasons, days_ago: int, kept_out: bool
) -> None:
    hold_out(make_reachable(store), day=DAY - timedelta(days=days_ago))
    assert (Reason.FREQUENCY in reasons()) == kept_out


@pytest.mark.parametrize(("third", "kept_out"), [(29, True), (30, False)])
def test_it_adds_messages_and_times_held_out(
    store: Store, reasons: Reasons, third: int, kept_out: bool
) -> None:
    member = make_reachable(store)
    message(member, day=DAY - timedelta(days=8))
    message(member, day=DAY - timedelta(days=16))
    hold_out(member, day=DAY - timedelta(days=third))
    assert (Reason.FREQUENCY in reasons()) == kept_out


def test_it_counts_a_message_that_still_waits_but_no_refused_one(store: Store, reasons: Reasons) -> None:
    member = make_reachable(store)
    message(member, day=DAY, status="refused")
    assert reasons() == {}
    message(member, day=None, status="pending")
    assert reasons() == {Reason.FREQUENCY: 1}


def test_it_counts_each_member_once_by_the_first_reason(store: Store, reasons: Reasons) -> None:
    member = make_reachable(store)
    member.age_verification.delete()
    member.consents.all().delete()
    SelfExclusion.unscoped.create(member=member, at=NOON, source="counter")
    assert reasons() == {Reason.AGE: 1}


def test_it_judges_any_number_of_members_in_two_queries(store: Store, django_assert_num_queries: Any) -> None:
    for _ in range(5):
        make_reachable(store)
    with django_assert_num_queries(2):
        assert audience(segment="loyal", stores=[store], channel="sms", day=DAY).allowed == 5


def test_it_names_a_source_for_every_reason() -> None:
    assert set(BY_CODE) == set(Reason)
    assert all(rule.source and rule.sentence for rule in BY_CODE.values())
