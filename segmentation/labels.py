"""What pages call segments, scores and clusters, and what they advise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from segmentation import names

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

DEFAULT_SEGMENTS: dict[str, StrOrPromise] = {
    "champions": _("Champions"),
    "loyal": _("Loyal"),
    "potential": _("Potential loyalists"),
    "new": _("New"),
    "promising": _("Promising"),
    "attention": _("Need attention"),
    "about_to_sleep": _("About to sleep"),
    "cant_lose": _("Can't lose"),
    "at_risk": _("At risk"),
    "hibernating": _("Hibernating"),
}

# By R, F and M, each at or above the mean.
DEFAULT_CLASSES: dict[str, StrOrPromise] = {
    "111": pgettext_lazy("value class", "High value"),
    "011": pgettext_lazy("value class", "High value, win back"),
    "101": pgettext_lazy("value class", "High value, deepen"),
    "001": pgettext_lazy("value class", "High value, hold on to"),
    "110": pgettext_lazy("value class", "Potential"),
    "100": pgettext_lazy("value class", "New customers"),
    "010": pgettext_lazy("value class", "Ordinary, keep up"),
    "000": pgettext_lazy("value class", "Lost"),
}


class Labels(Mapping[str, str]):
    """The name of each code in the reader's language: the company's own, else the default.

    Looked up when a page asks, so names must not be copied where a module is loaded.
    """

    def __init__(self, defaults: Mapping[str, StrOrPromise]) -> None:
        self.defaults = defaults

    def __getitem__(self, code: str) -> str:
        return names.own_name(code) or str(self.defaults[code])

    def __iter__(self) -> Iterator[str]:
        return iter(self.defaults)

    def __len__(self) -> int:
        return len(self.defaults)


SEGMENT_LABELS = Labels(DEFAULT_SEGMENTS)
CLASS_LABELS = Labels(DEFAULT_CLASSES)

# Of a member with no receipt in the window, or who is in no group by own wish.
NOWHERE_LABEL = _("No segment")


def label_of(segment: str | None) -> str:
    """The name of a segment, also of none."""
    return SEGMENT_LABELS[segment] if segment else str(NOWHERE_LABEL)


# Nothing here may promote tobacco; offers are other goods, services and attention.
SEGMENT_ADVICE: dict[str, StrOrPromise] = {
    "champions": _("Thank, ask opinion"),
    "loyal": _("Member benefits"),
    "potential": _("Second category"),
    "new": _("Second visit in 30 days"),
    "promising": _("Second visit in 30 days"),
    "attention": _("Greeting, no offer"),
    "about_to_sleep": _("Win back: drinks voucher"),
    "cant_lose": _("Personal call"),
    "at_risk": _("Win back: personal"),
    "hibernating": _("Leave in peace"),
}

# Segments whose growth is bad news.
UNWELCOME = frozenset({"attention", "about_to_sleep", "cant_lose", "at_risk", "hibernating"})

SCORE_LABELS: dict[str, StrOrPromise] = {
    "r": _("Recency"),
    "f": _("Frequency"),
    "m": _("Monetary"),
}

FEATURE_LABELS: dict[str, StrOrPromise] = {
    "packs_per_week": _("Packs a week"),
    "carton_share": _("Carton share"),
    "price_per_pack": _("Price a pack"),
    "slim_share": _("Slim share"),
    "brand_entropy": _("Brands tried"),
    "evening_share": _("Evening share"),
    "weekend_share": _("Weekend share"),
    "discount_share": _("Discount share"),
    "gap_mean": _("Days between"),
    "mean_ticket_cents": _("Mean ticket"),
    "online_share": _("Online share"),
}

_CLASS_SHARE = _("Share of price class {number}")
# The fields of a published row, where a check names one.
FACT_LABELS: dict[str, StrOrPromise] = {
    **SCORE_LABELS,
    "segment": _("Segment"),
    "value_class": _("Value class"),
    "home_store": _("Home store"),
    "first_day": _("First purchase"),
    "last_day": _("Last purchase"),
    "lifetime_receipts": _("Receipts ever"),
    "lifetime_spend": _("Spend ever"),
    "receipts": _("Receipts"),
    "spend": _("Spend"),
    "purchase_days": _("Purchase days"),
    "mean_ticket": _("Mean ticket"),
    "gap_mean": _("Days between"),
    "gap_cv": _("Unevenness of days between"),
    "packs": _("Packs"),
    "carton_share": _("Carton share"),
    "price_per_pack": _("Price a pack"),
    **{
        f"class{number}": format_lazy(_("Share of price class {number}"), number=number)
        for number in range(1, 6)
    },
    "slim_share": _("Slim share"),
    "brand_entropy": _("Brands tried"),
    "top_brand": _("Most bought brand"),
    "discount_share": _("Discount share"),
    "online_share": _("Online share"),
    "weekend_share": _("Weekend share"),
    "evening_share": _("Evening share"),
    "stores": _("Stores"),
}

TRAITS: dict[tuple[str, str], StrOrPromise] = {
    ("packs_per_week", "high"): _("many packs a week"),
    ("packs_per_week", "low"): _("few packs a week"),
    ("carton_share", "high"): _("high carton share"),
    ("carton_share", "low"): _("single packs"),
    ("price_per_pack", "high"): _("expensive packs"),
    ("price_per_pack", "low"): _("cheap packs"),
    ("slim_share", "high"): _("mostly slim"),
    ("slim_share", "low"): _("hardly any slim"),
    ("brand_entropy", "high"): _("many brands"),
    ("brand_entropy", "low"): _("one brand"),
    ("evening_share", "high"): _("evening visits"),
    ("evening_share", "low"): _("few evening visits"),
    ("weekend_share", "high"): _("weekend visits"),
    ("weekend_share", "low"): _("weekday visits"),
    ("discount_share", "high"): _("often with a discount"),
    ("discount_share", "low"): _("seldom with a discount"),
    ("gap_mean", "high"): _("long pauses"),
    ("gap_mean", "low"): _("frequent visits"),
    ("mean_ticket_cents", "high"): _("large tickets"),
    ("mean_ticket_cents", "low"): _("small tickets"),
    ("online_share", "high"): _("buys online"),
    ("online_share", "low"): _("counter only"),
}


def cluster_name(traits: Iterable[Sequence[str]]) -> str:
    """A plain name made from the facts that set a cluster apart, as in "Single packs, many brands"."""
    words = [str(TRAITS[feature, direction]) for feature, direction in traits]
    return str(capfirst(_now(", ").join(words))) if words else _now("Like the average member")
