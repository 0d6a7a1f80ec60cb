"""Store scope, closed by default: who has no store sees no row."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from organization.models import Staff


class StoreQuerySet(models.QuerySet[Any]):
    def visible_to(self, staff: "Staff") -> Self:
        if staff.sees_everything:
            return self
        scope = Q(staff=staff)
        for region in staff.regions.all():
            scope |= Q(region__path__startswith=region.path)
        return self.filter(scope).distinct() if staff.is_active else self.none()

    def active(self) -> Self:
        return self.filter(is_active=True)


class ScopedQuerySet(models.QuerySet[Any]):
    """Rows that belong to a store; a subclass may name another field than `store`."""

    store_field = "store"

    def visible_to(self, staff: "Staff") -> Self:
        from organization.models import Store

        if staff.sees_everything:
            return self
        stores = Store.objects.all().visible_to(staff).values("pk")
        return self.filter(**{f"{self.store_field}__in": stores})


class JobQuerySet(models.QuerySet[Any]):
    def visible_to(self, staff: "Staff") -> Self:
        """Admins see all jobs, everybody else the own ones."""
        return self if staff.sees_everything else self.filter(asked_by=staff)

    def open(self) -> Self:
        return self.filter(status__in=["queued", "running"])
