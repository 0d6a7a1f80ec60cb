from typing import Self

from organization.models import Staff
from organization.querysets import ScopedQuerySet


class MemberQuerySet(ScopedQuerySet):
    """Members are scoped by their home store (before a purchase: the store that enrolled them)."""

    store_field = "home_store"

    def visible_to(self, staff: Staff) -> Self:
        return super().visible_to(staff).filter(is_anonymous=False)


class OfMemberQuerySet(ScopedQuerySet):
    """What belongs to a member is seen by who sees the member."""

    store_field = "member__home_store"
