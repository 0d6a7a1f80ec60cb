"""What members decide on their own page. At once, by nobody else, and each is in the audit.

Staff and files may record that somebody wants to be left alone; the way back is here only.
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from members.hooks import run_profiling_end
from members.imports.undo import derived_hold
from members.models import Consent, Member, ProfilingObjection, SelfExclusion
from members.selectors import latest_consents
from organization.models import Staff
from organization.services import audit

SOURCE = "own page"


class WishError(Exception):
    """What was asked cannot be done; the text is a sentence for the person who asked."""


@transaction.atomic
def consent_give(*, member: Member, channel: str, purpose: str) -> None:
    locked = _locked(member)
    if SelfExclusion.unscoped.filter(member=locked).exists():
        raise WishError(_("You asked us not to write to you. Take that back first."))
    _record(locked, channel, purpose, granted=True)


@transaction.atomic
def consent_withdraw(*, member: Member, channel: str, purpose: str) -> None:
    _record(_locked(member), channel, purpose, granted=False)


@transaction.atomic
def self_exclusion_start(*, member: Member) -> None:
    """The member leaves every audience, also of messages that wait to be sent."""
    locked = _locked(member)
    _exclusion, made = SelfExclusion.unscoped.get_or_create(
        member=locked, defaults={"at": timezone.now(), "source": SOURCE}
    )
    if made:
        audit(actor=None, code="member.self_excluded", on=locked)
    _withdraw_all(locked)


@transaction.atomic
def self_exclusion_end(*, member: Member, actor: Staff | None) -> None:
    """The member may hear from us again, once a channel is allowed anew; never done by staff."""
    _refuse_staff(actor)
    locked = _locked(member)
    # Also those from before an exclusion that a file or the counter recorded.
    _withdraw_all(locked)
    ended, _rows = SelfExclusion.unscoped.filter(member=locked).delete()
    if ended:
        audit(actor=None, code="member.self_exclusion_ended", on=locked)


@transaction.atomic
def profiling_end(*, member: Member) -> None:
    """The member leaves all segments and clusters now, and stays out of those of later nights."""
    derived_hold()  # Before the member: a night that is being published locks in this order.
    locked = _locked(member)
    _objection, made = ProfilingObjection.unscoped.get_or_create(
        member=locked, defaults={"at": timezone.now(), "source": SOURCE}
    )
    run_profiling_end(locked.pk)
    if made:
        audit(actor=None, code="member.self_profiling_ended", on=locked)


@transaction.atomic
def profiling_resume(*, member: Member, actor: Staff | None) -> None:
    """The next night may group the member again; never done by staff."""
    _refuse_staff(actor)
    locked = _locked(member)
    ended, _rows = ProfilingObjection.unscoped.filter(member=locked).delete()
    if ended:
        audit(actor=None, code="member.self_profiling_resumed", on=locked)


def _locked(member: Member) -> Member:
    locked: Member = Member.unscoped.select_for_update(no_key=True).get(pk=member.pk)
    return locked


def _refuse_staff(actor: Staff | None) -> None:
    if actor is not None:
        raise PermissionDenied


def _withdraw_all(member: Member) -> None:
    for (channel, purpose), consent in latest_consents(member).items():
        if consent.granted:
            _record(member, channel, purpose, granted=False)


def _record(member: Member, channel: str, purpose: str, *, granted: bool) -> None:
    latest = latest_consents(member).get((channel, purpose))
    if latest and latest.granted == granted:
        return
    Consent.unscoped.create(
        member=member, channel=channel, purpose=purpose, granted=granted, at=timezone.now(), source=SOURCE
    )
    code = "member.self_consent_given" if granted else "member.self_consent_withdrawn"
    audit(actor=None, code=code, on=member, data={"channel": channel, "purpose": purpose})
