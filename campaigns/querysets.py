from typing import TYPE_CHECKING, Any, Self

from django.db import models

if TYPE_CHECKING:
    from organization.models import Staff


class CampaignQuerySet(models.QuerySet[Any]):
    def visible_to(self, staff: "Staff") -> Self:
        """Campaigns that reach a member of a store the person sees; one's own always."""
        from organization.models import Store

        if staff.sees_everything:
            return self
        stores = Store.objects.all().visible_to(staff).values("pk")
        return self.filter(models.Q(stores__in=stores) | models.Q(created_by=staff)).distinct()
