"""What the campaign pages show, from what the selectors say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Campaign
from campaigns.planning import campaign_plan
from campaigns.policy.content import message_body
from campaigns.policy.rules import BY_CODE, RULES_VERSION, Rule
from campaigns.reading import FEWEST, Reading, Verdict, effect_of
from campaigns.selectors import arms_of
from dashboards.campaigns import figures
from dashboards.campaigns.words import Amount, money
from organization.models import Staff
from segmentation.labels import SEGMENT_LABELS


@dataclass(frozen=True)
class Row:
    """A line of the list; `effect` is empty until both groups have been compared."""

    campaign: Campaign
    segment: str
    effect: Amount | None


def rows_of(campaigns: Sequence[Campaign], staff: Staff) -> list[Row]:
    arms = arms_of(campaigns=campaigns, staff=staff)
    return [
        Row(campaign, segment_name(campaign), Amount.of(effect_of(campaign, arms[campaign.pk]), 2))
        for campaign in campaigns
    ]


def segment_name(campaign: Campaign) -> str:
    return str(SEGMENT_LABELS.get(campaign.segment, ""))


def removed_rows(removed: Iterable[tuple[str, int]]) -> list[tuple[Rule, int]]:
    return [(BY_CODE[reason], n) for reason, n in removed]


def plan_context(
    staff: Staff, day: date, *, segment: str, channel: str, holdout_share: Decimal, horizon_days: int
) -> dict[str, Any]:
    plan = campaign_plan(
        staff=staff,
        segment=segment,
        channel=channel,
        holdout_share=float(holdout_share),
        horizon_days=horizon_days,
        day=day,
    )
    return {
        "plan": plan,
        "removed": removed_rows(plan.audience.removed.items()),
        "detectable": None if plan.detectable is None else money(plan.detectable, 2),
        "days": horizon_days,
        "rules_version": RULES_VERSION,
    }


def draft_context(campaign: Campaign, staff: Staff, day: date) -> dict[str, Any]:
    is_own = campaign.created_by_id == staff.pk
    context = {
        "title": campaign.name,
        "campaign": campaign,
        "as_of_line": _("Draft, not started"),
        "segment_name": segment_name(campaign),
        "is_own": is_own,
        "body": message_body(offer=campaign.offer, channel=campaign.channel),
        "message_cost": money(float(campaign.message_cost), 2),
        "fixed_cost": money(float(campaign.fixed_cost), 2),
    }
    if not is_own:
        return context
    return context | plan_context(
        staff,
        day,
        segment=campaign.segment,
        channel=campaign.channel,
        holdout_share=campaign.holdout_share,
        horizon_days=campaign.horizon_days,
    )


def result_context(reading: Reading) -> dict[str, Any]:
    campaign = reading.campaign
    return {
        "title": campaign.name,
        "as_of_line": _days_line(reading),
        "campaign": campaign,
        "reading": reading,
        "verdict": str(reading.verdict),
        "segment_name": segment_name(campaign),
        **_amounts(reading),
        "reach_chart": figures.reach_chart(reading),
        "reach_answer": figures.reach_answer(reading),
        "effects_chart": figures.effects_chart(reading),
        "earnings_chart": figures.earnings_chart(reading),
        "groups_answer": _groups_answer(reading),
        "primary_note": _("The top row is the primary measure, fixed before the start."),
        "margin_answer": figures.margin_answer(reading),
        "daily_chart": figures.daily_chart(reading),
        "removed": removed_rows(reading.reach.removed.items()),
        "refused": removed_rows(reading.reach.refused.items()),
        "sample_ratio": f"{reading.sample_ratio_p:.2g}",
        "fewest": FEWEST,
    }


def _amounts(reading: Reading) -> dict[str, Any]:
    effect = reading.arms.effect if reading.may_compare else None
    earned = reading.earnings
    return {
        "effect": Amount.of(effect, 2),
        "revenue": Amount.of(earned.revenue) if earned else None,
        "profit": Amount.of(earned.profit) if earned else None,
        "per_unit": Amount.of(earned.iroas, 1) if earned else None,
        "unit": money(1),
        "cost": money(reading.cost),
        "attributed": money(reading.arms.attributed),
    }


def _groups_answer(reading: Reading) -> str:
    if reading.as_of is None:
        return ""
    words = {
        "n": number_format(reading.arms.held_out.n, force_grouping=True),
        "p": f"{reading.sample_ratio_p:.2g}",
    }
    if reading.verdict == Verdict.MISMATCH:
        return _("Held-out group of %(n)s, drawn before the start; sizes not as planned: p = %(p)s.") % words
    return _("Held-out group of %(n)s, drawn before the start; sizes as planned: p = %(p)s.") % words


def _days_line(reading: Reading) -> str:
    campaign = reading.campaign
    assert campaign.starts_on and campaign.ends_on, "a started campaign has its days"
    days = f"{date_format(campaign.starts_on)} – {date_format(campaign.ends_on)}"
    parts = [days, str(campaign.get_status_display())]
    if reading.as_of is None:
        return " · ".join(parts)
    if reading.is_provisional:
        parts.append(_progress(reading.days_seen, campaign.horizon_days))
    parts.append(_("receipts up to %(day)s") % {"day": date_format(min(reading.as_of, campaign.ends_on))})
    return " · ".join(parts)


def _progress(done: int, days: int) -> str:
    return ngettext("%(done)d of %(n)d day seen", "%(done)d of %(n)d days seen", days) % {
        "done": done,
        "n": days,
    }
