from decimal import Decimal
from typing import cast

from django import forms
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from campaigns.policy.content import offer_findings
from campaigns.services import CampaignFields
from members.models import Channel
from organization.company import currency_sign
from segmentation.labels import SEGMENT_LABELS

# Asked for when a page shows it: the company may change it.
SIGN = lazy(currency_sign, str)()
HOLDOUT_SHARES = [(Decimal(f"0.{tens}00"), f"{tens}0%") for tens in (1, 2, 3, 5)]


class PlanForm(forms.Form):
    """What decides who is reached: enough for a plan."""

    segment = forms.ChoiceField(label=_("Segment"), choices=lambda: SEGMENT_LABELS.items())
    channel = forms.ChoiceField(
        label=_("Channel"),
        choices=Channel,
        help_text=_("Only members who allowed offers on this channel are reached."),
    )
    holdout_share = forms.TypedChoiceField(
        label=_("Held out"),
        choices=HOLDOUT_SHARES,
        coerce=Decimal,
        initial=Decimal("0.200"),
        help_text=_("Drawn by lot and left alone: without them nobody can tell what the campaign changed."),
    )
    horizon_days = forms.IntegerField(
        label=_("Days"),
        min_value=1,
        max_value=90,
        initial=21,
        help_text=_("How long purchases are compared, from the start on."),
    )


class CampaignForm(PlanForm):
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("For your colleagues only."))
    offer = forms.CharField(
        label=_("Offer"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("No tobacco. The sender's name and the way to opt out are added."),
    )
    message_cost = forms.DecimalField(
        label=format_lazy(_("Cost of a message, {sign}"), sign=SIGN),
        min_value=0,
        max_digits=8,
        decimal_places=2,
        initial=Decimal("0.05"),
    )
    fixed_cost = forms.DecimalField(
        label=format_lazy(_("Fixed cost, {sign}"), sign=SIGN),
        min_value=0,
        max_digits=10,
        decimal_places=2,
        initial=Decimal(0),
    )
    margin = forms.DecimalField(
        label=_("Margin, %"),
        min_value=0,
        max_value=100,
        max_digits=4,
        decimal_places=1,
        required=False,
        help_text=_("What is left of a sale after the goods. Used only where receipts hold no buy prices."),
    )
    field_order = ["name", "segment", "channel", "offer", "holdout_share", "horizon_days"]

    @classmethod
    def of(cls, campaign: Campaign) -> "CampaignForm":
        initial = {name: getattr(campaign, name) for name in cls.base_fields}
        if campaign.margin is not None:
            initial["margin"] = (campaign.margin * 100).quantize(Decimal("0.1"))
        return cls(initial=initial)

    def clean_offer(self) -> str:
        offer: str = self.cleaned_data["offer"]
        findings = offer_findings(offer)
        if findings:
            raise forms.ValidationError([finding.sentence for finding in findings])
        return offer

    def fields_for_service(self) -> CampaignFields:
        values = cast(CampaignFields, dict(self.cleaned_data))
        if values["margin"] is not None:
            values["margin"] /= 100
        return values
