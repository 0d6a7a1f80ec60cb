from datetime import datetime
from typing import TYPE_CHECKING, Self

from organization.querysets import ScopedQuerySet

if TYPE_CHECKING:
    from organization.models import Staff


class MemberQuerySet(ScopedQuerySet):
    """Members are scoped by their home store (before a purchase: the store that enrolled them)."""

    store_field = "home_store"

    def visible_to(self, staff: "Staff") -> Self:
        return super().visible_to(staff).filter(is_anonymous=False)


class OfMemberQuerySet(ScopedQuerySet):
    """What belongs to a member is seen by who sees the member."""

    store_field = "member__home_store"


class TagQuerySet(OfMemberQuerySet):
    def visible_to(self, staff: "Staff") -> Self:
        """Of a tag the member deleted only a hash is left, which is for no page."""
        return super().visible_to(staff).in_use()

    def in_use(self) -> Self:
        return self.filter(removed_by_member_at__isnull=True)


class LinkQuerySet(OfMemberQuerySet):
    def open_at(self, moment: datetime) -> Self:
        return self.filter(revoked_at__isnull=True, expires_at__gt=moment)
