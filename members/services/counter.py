"""Who stands at the counter with a member: the managers of the own store, and admins."""

from django.core.exceptions import PermissionDenied

from members.models import Member
from organization.models import Role, Staff


def refuse_others(actor: Staff | None, member: Member) -> None:
    """PermissionDenied unless staff may act for this member; None is the system itself."""
    if actor is None:
        return
    at_the_counter = actor.role in (Role.MANAGER, Role.ADMIN)
    if not at_the_counter or not Member.objects.visible_to(actor).filter(pk=member.pk).exists():
        raise PermissionDenied
