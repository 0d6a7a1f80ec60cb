from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.delivery import sandbox
from campaigns.models import Campaign, Message
from campaigns.results import results_refresh
from campaigns.services import campaign_import, campaign_start
from organization.models import Staff, Store
from tests.campaigns.cast import DAY, NOON, make_draft, make_night, make_reachable, make_receipt
from tests.conftest import make_member

As = Callable[[Staff], Client]

FORM = {
    "name": "Drinks voucher",
    "segment": "loyal",
    "channel": "sms",
    "offer": "本周到店饮料第二件半价",
    "holdout_share": "0.200",
    "horizon_days": "21",
    "message_cost": "0.05",
    "fixed_cost": "100",
    "margin": "29.5",
}


@pytest.fixture
def log_in() -> As:
    def enter(staff: Staff) -> Client:
        client = Client()
        client.force_login(staff)
        return client

    return enter


@pytest.fixture
def people(admin: Staff, manager: Staff, marketer: Staff, approver: Staff) -> dict[str, Staff]:
    return {"admin": admin, "manager": manager, "marketer": marketer, "approver": approver}


@pytest.fixture
def running(marketer: Staff, store: Store) -> Campaign:
    """Forty members each spend 20 before the start; the treated spend 30 on its first day."""
    make_night()
    members = [make_reachable(store) for _ in range(90)]
    campaign = campaign_start(campaign=make_draft(marketer), actor=marketer, as_of=DAY)
    sandbox.deliver(campaign=campaign, at=NOON)
    treated = set(campaign.messages.values_list("member_id", flat=True))
    for place, member in enumerate(members):
        make_receipt(member, DAY - timedelta(days=3), "20")
        if member.pk in treated:
            make_receipt(member, DAY, str(25 + place % 10))
    return campaign


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.parametrize(
    ("method", "name", "needs_campaign", "allowed"),
    [
        ("get", "campaigns", False, "admin manager marketer approver"),
        ("get", "campaigns_csv", False, "admin manager marketer approver"),
        ("get", "campaign", True, "admin manager marketer approver"),
        ("get", "campaign_arms", True, "admin manager marketer approver"),
        ("get", "messages", False, "admin manager marketer approver"),
        ("get", "campaign_new", False, "marketer"),
        ("post", "campaign_preview", False, "marketer"),
        ("post", "campaign_start", True, "marketer"),
    ],
)
def test_it_opens_each_page_to_its_roles_only(
    people: dict[str, Staff],
    running: Campaign,
    log_in: As,
    method: str,
    name: str,
    needs_campaign: bool,
    allowed: str,
) -> None:
    url = reverse(name, args=[running.pk] if needs_campaign else [])
    for role, staff in people.items():
        status = getattr(log_in(staff), method)(url).status_code
        assert (status in (200, 302)) if role in allowed.split() else status == 403, (role, status)


def test_it_hides_a_campaign_of_other_stores(
    running: Campaign, other_store: Store, log_in: As, manager: Staff
) -> None:
    manager.stores.set([other_store])
    client = log_in(manager)
    for name in ("campaign", "campaign_arms"):
        assert client.get(reverse(name, args=[running.pk])).status_code == 404
    assert running.name not in text(client.get(reverse("campaigns")))
    assert running.messages.first().body not in text(client.get(reverse("messages")))  # type: ignore[union-attr]


def test_it_sends_strangers_to_the_log_in(client: Client, running: Campaign) -> None:
    response = client.get(reverse("campaign", args=[running.pk]))
    assert response.status_code == 302
    assert reverse("login") in response["Location"]


@pytest.mark.django_db
def test_it_says_what_to_do_when_there_is_no_campaign(marketer: Staff, manager: Staff, log_in: As) -> None:
    assert reverse("campaign_new") in text(log_in(marketer).get(reverse("campaigns")))
    assert "No campaigns yet" in text(log_in(manager).get(reverse("campaigns")))
    assert "No messages yet" in text(log_in(manager).get(reverse("messages")))


def test_it_makes_a_draft_and_starts_it(marketer: Staff, store: Store, log_in: As) -> None:
    make_night()
    for _ in range(100):  # so many that no draw leaves a group empty
        make_reachable(store)
    client = log_in(marketer)
    response = client.post(reverse("campaign_new"), FORM)
    draft = Campaign.unscoped.get()
    assert response["Location"] == reverse("campaign", args=[draft.pk])
    assert draft.margin is not None
    assert float(draft.margin) == 0.295
    assert reverse("campaign_start", args=[draft.pk]) in text(client.get(response["Location"]))
    client.post(reverse("campaign_start", args=[draft.pk]))
    draft.refresh_from_db()
    assert draft.status == Campaign.Status.RUNNING


def test_it_shows_why_a_start_was_refused(marketer: Staff, store: Store, log_in: As) -> None:
    draft = make_draft(marketer)
    response = log_in(marketer).post(reverse("campaign_start", args=[draft.pk]), follow=True)
    assert "first nightly run" in text(response)


def test_it_refuses_an_offer_of_tobacco_with_the_rule(marketer: Staff, log_in: As) -> None:
    response = log_in(marketer).post(reverse("campaign_new"), FORM | {"offer": "香烟九折"})
    assert response.status_code == 422
    assert "article 22" in text(response)
    assert not Campaign.unscoped.exists()


def test_it_edits_a_draft_but_nothing_that_started(marketer: Staff, running: Campaign, log_in: As) -> None:
    client, draft = log_in(marketer), make_draft(marketer, name="Before")
    page = text(client.get(reverse("campaign_edit", args=[draft.pk])))
    assert 'value="30.0"' in page
    client.post(reverse("campaign_edit", args=[draft.pk]), FORM | {"name": "After"})
    draft.refresh_from_db()
    assert draft.name == "After"
    assert client.get(reverse("campaign_edit", args=[running.pk])).status_code == 404


def test_it_keeps_another_marketers_draft_hidden(marketer: Staff, admin: Staff, log_in: As) -> None:
    draft = make_draft(admin)
    client = log_in(marketer)
    for name in ("campaign", "campaign_edit"):
        assert client.get(reverse(name, args=[draft.pk])).status_code == 404


def test_it_previews_the_audience_with_reasons(marketer: Staff, store: Store, log_in: As) -> None:
    for _ in range(10):
        make_reachable(store)
    make_reachable(store).age_verification.delete()
    page = text(log_in(marketer).post(reverse("campaign_preview"), FORM))
    assert "about 8" in page
    assert "Age not verified" in page
    assert "拒收请回复R" in page


def test_it_previews_half_a_form(marketer: Staff, log_in: As) -> None:
    page = text(log_in(marketer).post(reverse("campaign_preview"), {"offer": "free vape"}))
    assert "Nothing to show yet" in page
    assert "vape" in page


def test_it_says_when_figures_come(marketer: Staff, running: Campaign, log_in: As) -> None:
    page = text(log_in(marketer).get(reverse("campaign", args=[running.pk])))
    assert "No figures yet" in page
    assert "It worked" not in page


def test_it_calls_an_early_look_provisional(marketer: Staff, running: Campaign, log_in: As) -> None:
    results_refresh(DAY)
    page = text(log_in(marketer).get(reverse("campaign", args=[running.pk])))
    assert "An early look" in page
    assert "Provisional" in page
    assert "in 1 day than a comparable member" in page and "21 days than" not in page
    assert "Bought in 1 day" in page
    assert "It worked" not in page


def test_it_gives_the_verdict_when_the_window_is_over(marketer: Staff, running: Campaign, log_in: As) -> None:
    results_refresh(DAY + timedelta(days=20))
    page = text(log_in(marketer).get(reverse("campaign", args=[running.pk])))
    assert "It worked" in page
    assert "not causal" in page
    assert "Provisional" not in page
    for chart in ("reach", "effects", "earnings", "daily"):
        assert f'data-chart="{chart}"' in page


def test_it_shows_no_difference_between_groups_that_are_not_as_planned(
    marketer: Staff, running: Campaign, log_in: As
) -> None:
    results_refresh(DAY + timedelta(days=20))
    client, url = log_in(marketer), reverse("campaigns")
    assert client.get(url).context["rows"][0].effect is not None
    Campaign.unscoped.filter(pk=running.pk).update(holdout_share="0.100")
    page = text(client.get(reverse("campaign", args=[running.pk])))
    assert "No verdict" in page and "sizes not as planned" in page
    assert "sizes as planned" not in page
    assert client.get(url).context["rows"][0].effect is None


def test_it_shows_a_manager_the_own_part(manager: Staff, running: Campaign, log_in: As) -> None:
    results_refresh(DAY + timedelta(days=20))
    page = text(log_in(manager).get(reverse("campaign", args=[running.pk])))
    assert "receipts of your stores only" in page
    assert 'data-chart="daily"' not in page


def test_it_claims_no_effect_of_an_imported_campaign(admin: Staff, store: Store, log_in: As) -> None:
    member = make_member(store)
    make_receipt(member, DAY, "12")
    campaign = campaign_import(
        name="Campaign 8",
        starts_on=DAY,
        ends_on=DAY,
        members=[member.pk],
        redemptions=[(member.pk, "1", DAY)],
    )
    page = text(log_in(admin).get(reverse("campaign", args=[campaign.pk])))
    assert "Nobody was held out" in page
    assert "¥12" in page
    assert 'data-chart="effects"' not in page
    assert "Campaign 8" in text(log_in(admin).get(reverse("campaigns")))


def test_it_lists_with_search_filter_and_sort(marketer: Staff, running: Campaign, log_in: As) -> None:
    make_draft(marketer, name="Greeting")
    client, url = log_in(marketer), reverse("campaigns")

    def names(query: str) -> list[str]:
        return [row.campaign.name for row in client.get(f"{url}?{query}").context["rows"]]

    assert names("sort=name") == ["Drinks voucher", "Greeting"]
    assert names("sort=-name") == ["Greeting", "Drinks voucher"]
    assert names("q=greet") == ["Greeting"]
    assert names("status=running") == ["Drinks voucher"]
    assert names("sort=password") == names("")
    assert "Nothing found" in text(client.get(f"{url}?q=zzz"))


def test_it_exports_sums_without_any_member(marketer: Staff, running: Campaign, log_in: As) -> None:
    results_refresh(DAY)
    response = log_in(marketer).get(reverse("campaign_arms", args=[running.pk]))
    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 5
    assert lines[1].startswith("0001,treated,")
    assert lines[-1].startswith(",held out,")


def test_it_masks_members_on_the_gateway_page(marketer: Staff, running: Campaign, log_in: As) -> None:
    Message.unscoped.filter(pk=running.messages.order_by("-pk")[0].pk).update(
        status="refused", reason="consent"
    )
    url = reverse("messages")
    page = text(log_in(marketer).get(f"{url}?campaign={running.pk}"))
    assert "M··· " in page
    assert "No consent for this channel" in page
    assert text(log_in(marketer).get(f"{url}?campaign=x")).count("M··· ") == 25


@pytest.mark.parametrize(("name", "queries"), [("campaigns", 7), ("campaign", 12), ("messages", 6)])
def test_it_pins_the_queries_of_each_page(
    marketer: Staff,
    running: Campaign,
    log_in: As,
    django_assert_num_queries: Any,
    name: str,
    queries: int,
) -> None:
    results_refresh(DAY)
    client, url = log_in(marketer), reverse(name, args=[running.pk] if name == "campaign" else [])
    client.get(url)
    with django_assert_num_queries(queries):
        response = client.get(url)
    assert response.status_code == 200
