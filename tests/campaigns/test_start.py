from datetime import date
from decimal import Decimal
from threading import Thread
from typing import Any

import numpy as np
import pytest
from django.db import connection

from campaigns import services
from campaigns.analytics.assignment import assign
from campaigns.models import Assignment, Campaign, Message, Removal
from campaigns.policy.rules import RULES_VERSION
from campaigns.services import CampaignError, campaign_start, campaign_update
from members.models import SelfExclusion
from organization.models import AuditEvent, Staff, Store
from sales.models import Product
from tests.campaigns.cast import DAY, NOON, make_draft, make_night, make_reachable


@pytest.fixture
def draft(marketer: Staff, store: Store) -> Campaign:
    """Twenty members may be reached and one may not; another segment and another region are near."""
    make_night()
    for _ in range(20):
        make_reachable(store)
    SelfExclusion.unscoped.create(member=make_reachable(store), at=NOON, source="counter")
    make_reachable(store, segment="champions")
    return make_draft(marketer)


def test_it_assigns_by_salted_hash_and_queues_the_treated_only(draft: Campaign, marketer: Staff) -> None:
    started = campaign_start(campaign=draft, actor=marketer, as_of=DAY)
    drawn = Assignment.unscoped.filter(campaign=draft).order_by("member_id")
    members = drawn.values_list("member_id", flat=True)
    expected = assign(np.array(members), "fixed", 0.5)
    assert len(drawn) == 20
    assert [one.treated for one in drawn] == expected.tolist()
    treated = {one.member_id for one in drawn if one.treated}
    assert set(Message.unscoped.values_list("member_id", flat=True)) == treated
    assert started.status == Campaign.Status.RUNNING


def test_it_fixes_the_window_and_the_rules_at_the_start(draft: Campaign, marketer: Staff) -> None:
    campaign_start(campaign=draft, actor=marketer, as_of=DAY)
    draft.refresh_from_db()
    assert (draft.starts_on, draft.ends_on) == (date(2026, 11, 20), date(2026, 12, 10))
    assert (draft.scores_as_of, draft.rules_version) == (date(2026, 11, 19), RULES_VERSION)


def test_it_keeps_how_many_policy_left_out_and_why(draft: Campaign, marketer: Staff) -> None:
    campaign_start(campaign=draft, actor=marketer, as_of=DAY)
    assert list(Removal.unscoped.values_list("reason", "members")) == [("self_excluded", 1)]
    event = AuditEvent.unscoped.get(code="campaign.started")
    assert (event.actor, event.data["found"], event.data["removed"]) == (marketer, 21, {"self_excluded": 1})


def test_it_may_be_pressed_twice(draft: Campaign, marketer: Staff) -> None:
    campaign_start(campaign=draft, actor=marketer, as_of=DAY)
    frozen = list(Assignment.unscoped.order_by("pk").values())
    make_reachable(marketer.regions.get().stores.get())
    campaign_start(campaign=draft, actor=marketer, as_of=date(2026, 11, 25))
    assert list(Assignment.unscoped.order_by("pk").values()) == frozen
    draft.refresh_from_db()
    assert draft.starts_on == DAY
    assert AuditEvent.unscoped.filter(code="campaign.started").count() == 1


def test_it_is_for_stores_its_maker_sees(draft: Campaign, marketer: Staff, other_store: Store) -> None:
    outsider = make_reachable(other_store)
    campaign_start(campaign=draft, actor=marketer, as_of=DAY)
    assert list(draft.stores.values_list("code", flat=True)) == ["0001"]
    assert not Assignment.unscoped.filter(member=outsider).exists()


def test_it_reaches_nobody_twice_in_a_week(draft: Campaign, marketer: Staff, store: Store) -> None:
    campaign_start(campaign=draft, actor=marketer, as_of=DAY)
    for _ in range(40):
        make_reachable(store)
    second = make_draft(marketer, name="Second", salt="other")
    campaign_start(campaign=second, actor=marketer, as_of=DAY)
    assert second.assignments.count() == 40
    # The held-out too: written to by the second, they would be no control group of the first.
    assert second.removals.get(reason="frequency").members == draft.assignments.count() == 20


def test_it_waits_for_a_published_night(marketer: Staff, store: Store) -> None:
    make_reachable(store)
    with pytest.raises(CampaignError, match="first nightly run"):
        campaign_start(campaign=make_draft(marketer), actor=marketer, as_of=DAY)


def test_it_refuses_an_empty_segment(marketer: Staff, store: Store) -> None:
    make_night()
    with pytest.raises(CampaignError, match="no members in your stores"):
        campaign_start(campaign=make_draft(marketer), actor=marketer, as_of=DAY)


def test_it_refuses_when_policy_leaves_nobody(marketer: Staff, store: Store) -> None:
    make_night()
    make_reachable(store).age_verification.delete()
    with pytest.raises(CampaignError, match="Nobody is left"):
        campaign_start(campaign=make_draft(marketer), actor=marketer, as_of=DAY)


def test_it_refuses_an_arm_of_less_than_two(marketer: Staff, store: Store) -> None:
    make_night()
    for _ in range(3):
        make_reachable(store)
    with pytest.raises(CampaignError, match="at least 2"):
        campaign_start(campaign=make_draft(marketer), actor=marketer, as_of=DAY)
    assert not Assignment.unscoped.exists()


def test_it_refuses_an_offer_of_tobacco(marketer: Staff) -> None:
    with pytest.raises(CampaignError, match="香烟"):
        make_draft(marketer, offer="香烟九折")
    with pytest.raises(CampaignError, match="vape"):
        campaign_update(campaign=make_draft(marketer), actor=marketer, offer="Free vape")


def test_it_refuses_an_offer_that_names_tobacco_by_now(draft: Campaign, marketer: Staff) -> None:
    """A catalogue that came after the draft may have made a word of it the name of a brand."""
    Product.objects.create(code="1", name="饮料第二件", is_tobacco=True)
    with pytest.raises(CampaignError, match="饮料第二件"):
        campaign_start(campaign=draft, actor=marketer, as_of=DAY)
    assert not Message.unscoped.exists()


def test_it_changes_a_draft_and_says_what(marketer: Staff) -> None:
    draft = make_draft(marketer)
    old = draft.name
    campaign_update(campaign=draft, actor=marketer, name="New name", fixed_cost=Decimal(100))
    draft.refresh_from_db()
    assert draft.name == "New name"
    event = AuditEvent.unscoped.get(code="campaign.updated")
    assert (event.before, event.after) == ({"name": old}, {"name": "New name"})


def test_it_does_not_change_a_campaign_that_started(draft: Campaign, marketer: Staff) -> None:
    campaign_start(campaign=draft, actor=marketer, as_of=DAY)
    with pytest.raises(CampaignError, match="has started"):
        campaign_update(campaign=draft, actor=marketer, horizon_days=60)


@pytest.mark.django_db(transaction=True)
def test_two_that_start_at_once_reach_nobody_twice(
    draft: Campaign, marketer: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, said = make_draft(marketer, name="Second", salt="other"), []

    def start_second() -> None:
        try:
            campaign_start(campaign=second, actor=marketer, as_of=DAY)
        except CampaignError as refusal:
            said.append(str(refusal))
        connection.close()

    other, queue = Thread(target=start_second), services._messages_queue

    def queue_while_the_second_starts(*args: Any) -> None:
        if args[0].pk == draft.pk:
            other.start()
            other.join(1)
        queue(*args)

    monkeypatch.setattr(services, "_messages_queue", queue_while_the_second_starts)
    campaign_start(campaign=draft, actor=marketer, as_of=DAY)
    other.join()
    assert "Nobody is left" in said[0]
    assert Assignment.unscoped.count() == 20


@pytest.mark.django_db(transaction=True)
def test_it_starts_once_when_pressed_twice_at_once(draft: Campaign, marketer: Staff) -> None:
    def press() -> None:
        campaign_start(campaign=draft, actor=marketer, as_of=DAY)
        connection.close()

    threads = [Thread(target=press) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Assignment.unscoped.count() == 20
    assert AuditEvent.unscoped.filter(code="campaign.started").count() == 1
