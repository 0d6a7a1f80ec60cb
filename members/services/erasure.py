"""Erase one member: everything personal goes, sums stay, and no file brings the member back."""

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from members.erasure import kept
from members.imports.undo import derived_hold
from members.models import Erasure, IdentityKind, Member, MemberIdentity, Tombstone
from members.selectors import tables_of_members
from members.services.disclosure import check_reason, values_of
from members.tombstones import CLEANERS, KEY, Tombstones
from organization.imports.columns import BadCell
from organization.imports.runner import imports_hold
from organization.jobs import Progress, job_create
from organization.models import Job, Staff
from organization.services import audit, quarantine_forget
from organization.services.secrets import Digests

# A kind of job.
SWEEP = "erasure"


@transaction.atomic
def member_erase(*, member: Member, reason: str, actor: Staff | None) -> None:
    """Delete all that is known of a member; receipts stay and are nobody's.

    Rows set aside are sealed one by one and may be millions, so a job looks through them.

    Raises ValidationError, a sentence, for a reason that will not do or while an import runs.
    """
    if actor is not None:  # Members need no reason; the text is then ours.
        check_reason(reason, values=values_of(member))
    if not imports_hold(wait=False):
        # It has looked up the members of its rows already, and would write this one's again.
        raise ValidationError(_("An import is running. Erase the member when it has ended."))
    derived_hold()  # A night that is being published would bring the member back.
    identities = set(MemberIdentity.unscoped.filter(member=member).values_list("kind", "value"))
    erasure = _bury(identities, actor)
    counts = _part_from_person(member)
    label = _("Erasure: rows set aside")
    job_create(kind=SWEEP, label=label, payload={"erasure": erasure.pk}, asked_by=actor)
    audit(actor=actor, code="member.erased", on=member, data={"reason": reason, "rows": counts})
    member.delete()


def _bury(identities: set[tuple[str, str]], actor: Staff | None) -> Erasure:
    erasure, digests = Erasure.unscoped.create(erased_by=actor), Digests(KEY)
    Tombstone.unscoped.bulk_create(
        [Tombstone(erasure=erasure, digest=digests.of(kind, value)) for kind, value in identities]
    )
    return erasure


def _part_from_person(member: Member) -> dict[str, int]:
    """Rows that sums need go over to a stand-in with a number of its own; the others are deleted."""
    stand_in = Member.unscoped.create(
        enrolment_store=member.enrolment_store,
        home_store=member.home_store,
        enrolled_on=member.enrolled_on.replace(month=1, day=1),
        is_anonymous=True,
    )
    return {
        model._meta.label_lower: _part(model, field, member.pk, stand_in.pk)
        for model, field in tables_of_members()
    }


def _part(model: type[models.Model], field: str, member: int, stand_in: int) -> int:
    rows = model._base_manager.filter(**{field: member})
    blanks = kept(model)
    return rows.delete()[0] if blanks is None else rows.update(**{field: stand_in}, **blanks)


def rows_set_aside_forget(job: Job, progress: Progress) -> None:
    """Job handler: delete rows set aside that name somebody who was erased."""
    with transaction.atomic():
        gone = quarantine_forget(where=Tombstones().stand_in, progress=progress)
        erasure = Erasure.unscoped.get(pk=job.payload["erasure"])
        audit(actor=job.asked_by, code="member.erased_rows", on=erasure, data={"rows": gone})
        progress.confirm()


@transaction.atomic
def erasure_lift(*, kind: str, value: str, reason: str, actor: Staff) -> None:
    """Let a person who was erased and has come back be enrolled again.

    Raises ValidationError where no erased person has this identity.
    """
    check_reason(reason, values=[value])
    digest = Digests(KEY).of(kind, _clean(kind, value))
    erasure = Erasure.unscoped.filter(tombstones__digest=digest).first()
    if erasure is None:
        raise ValidationError(_("No erased member has this number or id."))
    erasure.tombstones.all().delete()
    erasure.lifted_at = timezone.now()
    erasure.save(update_fields=["lifted_at"])
    audit(actor=actor, code="member.erasure_lifted", on=erasure, data={"reason": reason})


def _clean(kind: str, value: str) -> str:
    try:
        return CLEANERS[IdentityKind(kind)](value.strip())
    except BadCell as bad:
        raise ValidationError(str(bad)) from None
