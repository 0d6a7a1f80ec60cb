"""What the member page says: may we write, how does the member buy, what was bought."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.policy.audience import latest_birth_date
from dashboards.campaigns.words import money
from members.models import AgeVerification, Member, SelfExclusion
from members.selectors import ConsentInForce
from organization import company
from sales.models import Receipt
from segmentation import selectors
from segmentation.labels import CLASS_LABELS, SEGMENT_LABELS
from segmentation.models import MemberScore


@dataclass(frozen=True)
class Standing:
    """Whether messages are allowed, and each thing that decides it."""

    answer: str
    age: AgeVerification | None
    is_minor: bool
    exclusion: SelfExclusion | None
    consents: list[ConsentInForce]


def standing(member: Member, consents: list[ConsentInForce]) -> Standing:
    age = getattr(member, "age_verification", None)
    exclusion = getattr(member, "self_exclusion", None)
    adult_by = latest_birth_date(timezone.localdate(), age=company.current().minimum_age)
    is_minor = member.birth_date is not None and member.birth_date > adult_by
    answer = _answer(exclusion, age if not is_minor else None, consents)
    return Standing(answer, age, is_minor, exclusion, consents)


def _answer(
    exclusion: SelfExclusion | None, age: AgeVerification | None, consents: list[ConsentInForce]
) -> str:
    channels = [consent.channel for consent in consents if consent.granted]
    if exclusion is not None:
        return _("No: the member asked to be left alone.")
    if age is None:
        return _("No: nobody has verified that the member is of age.")
    if not channels:
        return _("No: the member has allowed no channel.")
    return _("Yes, by %(channels)s.") % {"channels": _(", ").join(channels)}


def figures(member: Member) -> dict[str, Any]:
    """The scores of the published night; empty where the member has none."""
    score: MemberScore | None = getattr(member, "score", None)
    run = selectors.published_run()
    if score is None or run is None:
        return {}
    names = selectors.cluster_names(selectors.cluster_model(run))
    return {
        "as_of": run.as_of,
        "segment": score.segment or "",
        "segment_label": SEGMENT_LABELS[score.segment] if score.segment else "",
        "class_label": CLASS_LABELS[score.value_class] if score.value_class else "",
        "scores": " · ".join(f"{name} {value}" for name, value in _scores(score) if value is not None),
        "cluster": names.get(score.cluster, "") if score.cluster is not None else "",
        "last_day": score.last_day,
        "receipts": f"{score.receipts:,}",
        "spend": money(float(score.spend)),
    }


def _scores(score: MemberScore) -> list[tuple[str, int | None]]:
    return [("R", score.r), ("F", score.f), ("M", score.m)]


@dataclass(frozen=True)
class Bought:
    day: date
    store: str
    number: str
    channel: str
    total: str
    is_return: bool
    is_returned: bool


def bought(receipts: Iterable[Receipt]) -> list[Bought]:
    return [
        Bought(
            day=receipt.business_day,
            store=str(receipt.store),
            number=receipt.number,
            channel=str(receipt.get_channel_display()),
            total=money(float(receipt.total), places=2),
            is_return=receipt.is_return,
            is_returned=0 < receipt.total <= receipt.returned,
        )
        for receipt in receipts
    ]
