"""The rules of marketing to members, as data.

A reading for builders, not legal advice. A change of any rule is a new RULES_VERSION, which every
campaign keeps from its start.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

RULES_VERSION = "CN-2025.4.1"


class Status(StrEnum):
    VERIFIED = "verified"  # read in full text
    SECONDARY = "secondary"  # known from what others write about it
    HOUSE = "house"  # no law asks for it; the company does


class Reason(StrEnum):
    """Why a member gets no message; the first that applies is the one that is counted."""

    AGE = "age"
    SELF_EXCLUDED = "self_excluded"
    PROFILING = "profiling"
    CONSENT = "consent"
    FREQUENCY = "frequency"
    TOO_LATE = "too_late"


@dataclass(frozen=True)
class Rule:
    code: str
    source: Promise
    status: Status
    label: Promise
    sentence: Promise


RULES = (
    Rule(
        Reason.AGE,
        _("Minor Protection Law, articles 59 and 123"),
        Status.VERIFIED,
        _("Age not verified, or too young"),
        _("No sale to minors: nobody is in an audience before somebody has seen proof of age."),
    ),
    Rule(
        Reason.SELF_EXCLUDED,
        _("Consumer Protection Law, article 29"),
        Status.VERIFIED,
        _("Asked to be left alone"),
        _("Who asked not to hear from us is in no audience; only the member can take that back."),
    ),
    Rule(
        Reason.PROFILING,
        _("Personal Information Protection Law, article 24"),
        Status.VERIFIED,
        _("Wants no profile"),
        _("Who asked not to be profiled is in no segment and gets nothing that is meant for one."),
    ),
    Rule(
        Reason.CONSENT,
        _("Advertising Law, article 43; Personal Information Protection Law, articles 14 to 16"),
        Status.VERIFIED,
        _("No consent for this channel"),
        _("The latest entry of the member's consent ledger must allow offers on this channel."),
    ),
    Rule(
        Reason.FREQUENCY,
        _("House rule"),
        Status.HOUSE,
        _("Reached often enough already"),
        _(
            "At most one message in 7 days and three in 30 days, over all campaigns; "
            "who is held out is left alone for as long as who got the message."
        ),
    ),
    Rule(
        Reason.TOO_LATE,
        _("House rule"),
        Status.HOUSE,
        _("Campaign was over before it could be sent"),
        _("No message goes out after the last day of its campaign."),
    ),
)
BY_CODE = {rule.code: rule for rule in RULES}

TOBACCO_CONTENT = Rule(
    "tobacco_content",
    _("Advertising Law, article 22"),
    Status.VERIFIED,
    _("Names tobacco"),
    _("No message may name a tobacco product or brand, not even in an advertisement for other goods."),
)
