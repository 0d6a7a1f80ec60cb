"""Who stands at the counter with a member: the managers of the own store, and admins."""

from django.core.exceptions import PermissionDenied

from members.models import Member
from organization.models import Role, Staff


def refuse_others(actor: Staff | None, member: Member) -> None:
    """PermissionDenied unless staff may act for this member; None is the system itself.

    What is left of an erased member is nobody who could stand there.
    """
    if actor is None:
        return
    at_the_counter = actor.role in (Role.MANAGER, Role.ADMIN)
    seen = Member.objects.visible_to(actor).filter(pk=member.pk)
    if not at_the_counter or not seen.exists():
        raise PermissionDenied
