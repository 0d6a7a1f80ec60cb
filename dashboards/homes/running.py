"""Campaigns as a home shows them: how many bought, and the difference so far."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.reading import MISMATCH_P, Arms, effect_of, group_sizes_p
from campaigns.selectors import arms_of, campaign_list
from dashboards.campaigns.words import percent
from dashboards.homes.tiles import NONE, Tile
from dashboards.homes.words import count, money_change
from organization.models import Staff

READ = 20


@dataclass(frozen=True)
class SeenCampaign:
    """A campaign as far as its receipts are a person's to see."""

    campaign: Campaign
    arms: Arms

    @property
    def url(self) -> str:
        return reverse("campaign", args=[self.campaign.pk])

    @property
    def is_running(self) -> bool:
        return bool(self.campaign.status == Campaign.Status.RUNNING)

    @property
    def conversion(self) -> float | None:
        return self.arms.treated.buyers / self.arms.treated.n if self.arms.treated.n else None

    @property
    def held_out(self) -> float | None:
        """Of the held-out; None as well where the arms are not those that were drawn."""
        if not self.arms.held_out.n or group_sizes_p(self.campaign, self.arms) < MISMATCH_P:
            return None
        return self.arms.held_out.buyers / self.arms.held_out.n

    @property
    def bought(self) -> str:
        if self.conversion is None:
            return _("No receipt of its days has been counted yet.")
        words = {"bought": count(self.arms.treated.buyers), "all": count(self.arms.treated.n)}
        return _("%(bought)s of %(all)s have bought") % words

    @property
    def difference(self) -> str:
        """Spend per member against the held-out, with its interval; empty where that says nothing."""
        effect = effect_of(self.campaign, self.arms)
        if effect is None:
            return ""
        ends = {"low": money_change(effect.low), "high": money_change(effect.high)}
        return f"{money_change(effect.estimate)} ({_('%(low)s to %(high)s') % ends})"


def seen_campaigns(staff: Staff) -> list[SeenCampaign]:
    """The latest started, running ones first."""
    started = campaign_list(staff=staff).exclude(status=Campaign.Status.DRAFT)[:READ]
    campaigns = sorted(started, key=lambda campaign: campaign.status != Campaign.Status.RUNNING)
    arms = arms_of(campaigns=campaigns, staff=staff)
    return [SeenCampaign(campaign, arms[campaign.pk]) for campaign in campaigns]


def conversion_tile(campaigns: Iterable[SeenCampaign]) -> Tile:
    """Of the running campaign, else of the latest one, that has receipts to tell."""
    name = _("Campaign conversion")
    told = next((seen for seen in campaigns if seen.conversion is not None), None)
    if told is None or told.conversion is None:
        return Tile(name=name, value=NONE, note=_("no campaign has results here yet"))
    note = told.campaign.name
    if told.held_out is not None:
        note = _("held out %(share)s · %(name)s") % {"share": percent(told.held_out, 1), "name": note}
    return Tile(name=name, value=percent(told.conversion, 1), note=note, url=told.url)
