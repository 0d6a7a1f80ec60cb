"""Who may have which access; the rules that pages and files of accounts share."""

from collections.abc import Collection

from django.utils.translation import gettext as _

from organization.models import Role, Staff
from organization.services.refusal import Refusal


def scope_check(*, role: str, stores: Collection[object], regions: Collection[object]) -> None:
    """Refuse what a role cannot have: a manager has stores, marketing has regions, an admin neither."""
    if role not in Role.values:
        raise Refusal(_("There is no such role."), "role")
    if role == Role.MANAGER:
        if regions:
            raise Refusal(_("A store manager has stores, not regions."), "regions")
        if not stores:
            raise Refusal(_("A store manager needs at least one store."), "stores")
    elif role == Role.ADMIN:
        if stores or regions:
            raise Refusal(
                _("An admin sees everything, so no store and no region is named."),
                "stores" if stores else "regions",
            )
    elif stores:
        raise Refusal(_("A marketer or approver has regions, not stores."), "stores")
    elif not regions:
        raise Refusal(_("A marketer or approver needs at least one region."), "regions")


class Admins:
    """The admins who are left, held by a lock: two changes at once cannot remove the last two.

    Make it first in a transaction that changes accounts; changes of accounts then come one by one.
    """

    def __init__(self, actor: Staff | None) -> None:
        held = Staff.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).order_by("pk")
        admins = list(held)
        self._actor = actor.pk if actor else None
        if actor and actor.pk not in {admin.pk for admin in admins}:
            raise Refusal(_("Only an active admin changes accounts."))
        self._left = {admin.pk for admin in admins if admin.may_log_in}

    def remove(self, pk: int, *, field: str) -> None:
        """Take note that an admin will be none any more, or refuse it."""
        if pk == self._actor:
            raise Refusal(_("You cannot take your own access away; another admin has to do it."), field)
        if not self._left - {pk}:
            raise Refusal(
                _("This is the last active admin; make somebody else an admin first."),
                field,
            )
        self._left.discard(pk)

    def add(self, staff: Staff, *, active: bool) -> None:
        if active and staff.has_usable_password():
            self._left.add(staff.pk)
