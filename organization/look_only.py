"""Django's admin for support: to look at, never to write, for that would go around services and audit."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.utils import display_for_field
from django.db import models
from django.http import HttpRequest
from django_stubs_ext import StrOrPromise

from organization.access import staff_of
from organization.querysets import ClosedManager


def column(name: str, label: StrOrPromise) -> Callable[[models.Model], Any]:
    """A field under a name of our own, for models say nothing of how a page names their fields."""

    @admin.display(description=label, ordering=name)
    def show(row: models.Model) -> Any:
        field = cast("models.Field[Any, Any]", row._meta.get_field(name))
        return display_for_field(getattr(row, name), field, "–") or "–"

    show.__name__ = name
    return show


class LookOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """`columns` are the fields shown, `listed` how many of them stand in the list."""

    columns: dict[str, StrOrPromise] = {}
    listed = 6
    actions = None
    show_full_result_count = False

    def get_list_display(self, request: HttpRequest) -> Any:
        return self.get_fields(request)[: self.listed]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [column(name, label) for name, label in self.columns.items()]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj)

    def get_queryset(self, request: HttpRequest) -> Any:
        manager = self.model.objects
        if isinstance(manager, ClosedManager):
            return manager.visible_to(staff_of(request)).order_by(*self.get_ordering(request))
        return super().get_queryset(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return staff_of(request).sees_everything

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_of(request).sees_everything

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
