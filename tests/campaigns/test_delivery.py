from datetime import timedelta

import pytest

from campaigns.delivery import sandbox
from campaigns.models import Campaign, Message
from campaigns.services import campaign_start
from campaigns.tasks import deliver_pending
from members.models import Consent, SelfExclusion
from organization.models import Staff, Store
from tests.campaigns.cast import DAY, NOON, make_draft, make_night, make_reachable


@pytest.fixture
def campaign(marketer: Staff, store: Store) -> Campaign:
    make_night()
    for _ in range(16):
        make_reachable(store)
    return campaign_start(campaign=make_draft(marketer), actor=marketer, as_of=DAY)


def test_it_delivers_signed_messages_to_the_treated(campaign: Campaign) -> None:
    treated = campaign.assignments.filter(treated=True).count()
    assert sandbox.deliver(campaign=campaign, at=NOON) == treated
    sent = campaign.messages.filter(status=Message.Status.DELIVERED, sent_at=NOON)
    assert sent.count() == treated
    assert all(message.body.endswith("拒收请回复R") for message in sent)


def test_it_asks_policy_again_when_it_sends(campaign: Campaign) -> None:
    first, second, third, *others = campaign.messages.order_by("pk")
    Consent.unscoped.create(
        member=first.member, channel="sms", purpose="marketing", granted=False, at=NOON, source="app"
    )
    SelfExclusion.unscoped.create(member=second.member, at=NOON, source="counter")
    third.member.age_verification.delete()
    sandbox.deliver(campaign=campaign, at=NOON + timedelta(minutes=1))
    outcome = dict(campaign.messages.values_list("pk", "reason"))
    assert [outcome[one.pk] for one in (first, second, third)] == ["consent", "self_excluded", "age"]
    assert campaign.messages.filter(status=Message.Status.DELIVERED).count() == len(others)
    assert not campaign.messages.filter(status=Message.Status.REFUSED, sent_at__isnull=False).exists()


def test_it_sends_nothing_twice(campaign: Campaign) -> None:
    sandbox.deliver(campaign=campaign, at=NOON)
    assert sandbox.deliver(campaign=campaign, at=NOON + timedelta(hours=1)) == 0
    assert set(campaign.messages.values_list("sent_at", flat=True)) == {NOON}


def test_it_sends_in_chunks(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "CHUNK", 3)
    assert sandbox.deliver(campaign=campaign, at=NOON) == campaign.messages.count() > 3
    assert not campaign.messages.filter(status=Message.Status.PENDING).exists()


def test_it_sends_nothing_after_the_last_day(campaign: Campaign) -> None:
    assert sandbox.deliver(campaign=campaign, at=NOON + timedelta(days=21)) == 0
    assert sandbox.deliver(campaign=campaign, at=NOON + timedelta(days=20)) > 0


def test_it_takes_up_messages_that_were_left_waiting(campaign: Campaign, time_machine: object) -> None:
    time_machine.move_to(NOON)  # type: ignore[attr-defined]
    deliver_pending()
    assert not campaign.messages.filter(status=Message.Status.PENDING).exists()
