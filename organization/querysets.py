"""Store scope, closed by default: who has no store sees no row.

A model whose rows belong to somebody has two managers. `objects` answers one question only,
`visible_to(staff)`; asked for anything else it raises. `unscoped` is for work that no page shows
directly: imports, nights, delivery. `python -m config.scopes` (in `make lint`) keeps `unscoped`
out of pages, exports and selectors.
"""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from organization.models import Staff


class ScopeError(RuntimeError):
    """Rows were asked for without saying for whom."""


class VisibleQuerySet(models.QuerySet[Any]):
    """What `closed` needs: a subclass says which rows a person sees."""

    def visible_to(self, staff: "Staff") -> Self:
        raise NotImplementedError


class ClosedManager(models.Manager[Any]):
    """A manager that gives no row before it knows for whom."""

    rows: type[VisibleQuerySet]

    def visible_to(self, staff: "Staff") -> Any:
        return self.rows(self.model, using=self._db).visible_to(staff)

    def none(self) -> Any:
        return self.rows(self.model, using=self._db).none()

    def get_queryset(self) -> Any:
        raise ScopeError(f"Say {self.model.__name__}.objects.visible_to(staff), or use `unscoped`.")


def closed(rows: type[VisibleQuerySet]) -> ClosedManager:
    """The manager to call `objects`; declare `unscoped` before it, for Django takes the first."""
    manager = ClosedManager()
    manager.rows = rows
    return manager


class AdminQuerySet(VisibleQuerySet):
    """Rows for admins only."""

    def visible_to(self, staff: "Staff") -> Self:
        return self if staff.sees_everything else self.none()


class StoreQuerySet(VisibleQuerySet):
    def visible_to(self, staff: "Staff") -> Self:
        if staff.sees_everything:
            return self
        scope = Q(staff=staff)
        models.prefetch_related_objects([staff], "regions")  # Once for all that a page asks.
        for region in staff.regions.all():
            scope |= Q(region__path__startswith=region.path)
        return self.filter(scope).distinct() if staff.is_active else self.none()

    def active(self) -> Self:
        return self.filter(is_active=True)


class ScopedQuerySet(VisibleQuerySet):
    """Rows that belong to a store; a subclass may name another field than `store`."""

    store_field = "store"

    def visible_to(self, staff: "Staff") -> Self:
        from organization.models import Store

        if staff.sees_everything:
            return self
        stores = Store.objects.visible_to(staff).values("pk")
        return self.filter(**{f"{self.store_field}__in": stores})


class JobQuerySet(VisibleQuerySet):
    def visible_to(self, staff: "Staff") -> Self:
        """Admins see all jobs, everybody else the own ones."""
        return self if staff.sees_everything else self.filter(asked_by=staff)

    def open(self) -> Self:
        return self.filter(status__in=["queued", "running"])
