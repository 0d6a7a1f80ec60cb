"""Words beside a member: staff and files add them, the member deletes them for good."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from members.models import Member, MemberTag, TagOrigin
from members.services.counter import refuse_others
from members.services.wishes import WishError
from members.tags import TagIndex, clean_tag
from organization.imports.columns import BadCell
from organization.models import Staff
from organization.services import audit


@transaction.atomic
def member_tag_add(*, member: Member, text: str, actor: Staff) -> MemberTag:
    """A tag written by staff; WishError where the member deleted the same one."""
    refuse_others(actor, member)
    try:
        plain = clean_tag(text)
    except BadCell as fault:
        raise WishError(str(fault)) from None
    tag, made = MemberTag.unscoped.get_or_create(
        member=member,
        lookup=TagIndex().of(plain),
        defaults={"text": plain, "origin": TagOrigin.STAFF, "added_at": timezone.now()},
    )
    if tag.removed_by_member_at:
        raise WishError(_("The member does not want this tag. It cannot be written again."))
    if made:
        audit(actor=actor, code="member.tag_added", on=member, data={"tag": tag.pk})
    return tag


@transaction.atomic
def member_tag_remove(*, member: Member, tag: int, actor: Staff) -> bool:
    """Staff takes a tag away; False if there is none of that number (any more).

    Nothing of it stays: a file or staff may write it again, unlike one the member deleted.
    """
    refuse_others(actor, member)
    removed = MemberTag.unscoped.filter(member=member, pk=tag).in_use().delete()[0] > 0
    if removed:
        audit(actor=actor, code="member.tag_removed", on=member, data={"tag": tag})
    return removed


@transaction.atomic
def member_tag_forget(*, member: Member, tag: int) -> bool:
    """The member deletes a tag; False if there is none of that number (any more).

    Only its hash stays, so that neither a file nor staff can bring it back.
    """
    gone = MemberTag.unscoped.filter(member=member, pk=tag).in_use()
    deleted = gone.update(text=None, removed_by_member_at=timezone.now()) > 0
    if deleted:
        audit(actor=None, code="member.self_tag_deleted", on=member, data={"tag": tag})
    return deleted
