"""What a member reads about themselves: sums and masked values, no line of any receipt."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from campaigns.policy.audience import latest_birth_date
from dashboards.own.words import sender, visits
from members.models import Channel, Member, Purpose
from members.selectors import latest_consents, tags_of
from organization import company
from organization.imports.masking import masked
from sales.selectors import receipts_by_store
from segmentation import selectors as segmentation
from segmentation.labels import SEGMENT_LABELS
from segmentation.models import MemberScore

YEAR = timedelta(days=365)


def page(member: Member) -> dict[str, Any]:
    """Everything the page shows of a member."""
    stores = receipts_by_store(member, since=timezone.localdate() - YEAR)
    return {
        "title": _("Your data at %(sender)s") % {"sender": sender()},
        "sender": sender(),
        "contact": settings.PRIVACY_CONTACT,
        "facts": _facts(member),
        "receipts": sum(n for _store, n in stores),
        "stores": [(str(store), n) for store, n in stores],
        "is_silent": hasattr(member, "self_exclusion"),
        "is_unprofiled": hasattr(member, "profiling_objection"),
        "groups": _groups(member),
        "channels": _channels(member),
        "may_allow": not _is_minor(member),
        "tags": _tags(member),
    }


def _facts(member: Member) -> list[tuple[str, str]]:
    facts = [(_("Name of the person"), member.initial or _("not on file"))]
    facts += [
        (str(identity.get_kind_display()), masked(identity.value))
        for identity in member.identities.order_by("kind", "pk")
    ]
    facts.append(
        (_("Date of birth"), _("on file, not shown here") if member.birth_date else _("not on file"))
    )
    facts.append((_("Age verified"), _age(member)))
    enrolled = {"store": member.enrolment_store, "day": date_format(member.enrolled_on)}
    facts.append((_("Member since"), _("%(day)s, %(store)s") % enrolled))
    return facts


def _age(member: Member) -> str:
    seen = getattr(member, "age_verification", None)
    return _("yes, on %(day)s") % {"day": _day(seen.verified_at)} if seen else _("no")


def _groups(member: Member) -> list[str]:
    """How we group the member, in sentences; empty for who is in no group."""
    score: MemberScore | None = getattr(member, "score", None)
    if score is None or not score.segment or score.r is None:
        return []
    run = segmentation.published_run()
    scoring = run.scoring if run else segmentation.scoring_now()
    groups = [
        visits(score, scoring),
        _("We call this group “%(name)s”.") % {"name": SEGMENT_LABELS[score.segment]},
    ]
    names = segmentation.cluster_names(segmentation.cluster_model(run)) if run else {}
    if score.cluster is not None and score.cluster in names:
        groups.append(
            _("By what and when you buy, you are in the group “%(name)s”.") % {"name": names[score.cluster]}
        )
    return groups


@dataclass(frozen=True)
class Allowed:
    """One channel and purpose: whether the member allows it, and since when."""

    code: str
    channel: str
    purpose: str
    granted: bool
    since: str


def _channels(member: Member) -> list[Allowed]:
    latest = latest_consents(member)
    rows = []
    for purpose in Purpose:
        for channel in Channel:
            entry = latest.get((channel, purpose))
            since = _day(entry.at) if entry else ""
            granted = entry is not None and entry.granted
            rows.append(
                Allowed(f"{channel}-{purpose}", str(channel.label), str(purpose.label), granted, since)
            )
    return rows


@dataclass(frozen=True)
class Tag:
    deed: str
    text: str
    origin: str
    day: str


def _tags(member: Member) -> list[Tag]:
    return [
        Tag(f"tag-{tag.pk}", str(tag.text), str(tag.get_origin_display()), _day(tag.added_at))
        for tag in tags_of(member)
    ]


def _is_minor(member: Member) -> bool:
    born = latest_birth_date(timezone.localdate(), age=company.current().minimum_age)
    return member.birth_date is not None and member.birth_date > born


def _day(moment: Any) -> str:
    day: date = timezone.localtime(moment).date()
    return str(date_format(day))
