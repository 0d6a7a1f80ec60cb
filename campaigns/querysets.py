from typing import TYPE_CHECKING, Self

from django.db.models import Q

from organization.querysets import ScopedQuerySet, VisibleQuerySet

if TYPE_CHECKING:
    from organization.models import Staff


class CampaignQuerySet(VisibleQuerySet):
    def visible_to(self, staff: "Staff") -> Self:
        """Campaigns that reach a member of a store the person sees; one's own always."""
        from organization.models import Store

        if staff.sees_everything:
            return self
        stores = Store.objects.visible_to(staff).values("pk")
        return self.filter(Q(stores__in=stores) | Q(created_by=staff)).distinct()


class AssignmentQuerySet(ScopedQuerySet):
    """Drawn members, by the home store they had when they were drawn."""

    store_field = "home_store"


class ArmTotalQuerySet(ScopedQuerySet):
    """Sums per store; those of the whole company have none and are an admin's."""


class RemovalQuerySet(ScopedQuerySet):
    """Members kept out, per store."""
