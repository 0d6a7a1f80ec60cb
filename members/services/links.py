"""Links to a member's own page."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from members.models import Member, MemberLink
from members.services.counter import refuse_others
from organization.models import Staff
from organization.services import audit


@transaction.atomic
def member_link_create(*, member: Member, actor: Staff | None) -> MemberLink:
    """A link that is valid for MEMBER_LINK_DAYS; the member's earlier ones end."""
    refuse_others(actor, member)
    now = timezone.now()
    _revoke(member)
    link: MemberLink = MemberLink.unscoped.create(
        member=member, created_by=actor, expires_at=now + timedelta(days=settings.MEMBER_LINK_DAYS)
    )
    data = {"link": link.pk, "expires": link.expires_at.isoformat()}
    audit(actor=actor, code="member.link_created", on=member, data=data)
    return link


@transaction.atomic
def member_links_revoke(*, member: Member, actor: Staff | None) -> int:
    """End every open link of a member; how many there were."""
    refuse_others(actor, member)
    ended = _revoke(member)
    if ended:
        audit(actor=actor, code="member.links_revoked", on=member, data={"links": ended})
    return ended


def _revoke(member: Member) -> int:
    # The lock makes two who press the button at once end up with one open link.
    Member.unscoped.select_for_update(no_key=True).get(pk=member.pk)
    now = timezone.now()
    return int(MemberLink.unscoped.filter(member=member).open_at(now).update(revoked_at=now))
