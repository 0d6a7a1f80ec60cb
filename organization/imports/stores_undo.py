"""Undo of a file of stores: a store that is in use stays, and with it the import."""

from collections.abc import Iterator

from django.apps import apps
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organization.imports.journal import (
    changed_by_hand,
    changed_later,
    made_by,
    put_back,
    rows_delete,
)
from organization.imports.undo import Undoer, Undone
from organization.jobs import Progress
from organization.models import Import, Region, Store

SHOWN = 5


def stores_dependents(record: Import) -> Iterator[str]:
    yield from changed_later(record)
    yield from changed_by_hand(record, Store)
    in_use = _in_use(Store, [int(key) for key in made_by(record, Store)])
    if in_use:
        names = Store.unscoped.filter(pk__in=sorted(in_use)[:SHOWN]).values_list("code", flat=True)
        yield _(
            "Receipts, members, accounts or campaigns belong to stores this import added: %(stores)s."
            " Undo the imports that brought them first, or move the accounts to other stores."
        ) % {"stores": ", ".join(names)}


def undo_stores(record: Import, progress: Progress) -> Undone:
    progress.say(_("Putting stores back"))
    restored = put_back(record, Store)
    gone = rows_delete(Store, made_by(record, Store))
    # From the leaves up; a region that somebody uses stays.
    made = (
        Region.objects.filter(pk__in=made_by(record, Region)).order_by("-path").values_list("pk", flat=True)
    )
    regions = sum(_region_delete(pk) for pk in made)
    return Undone({"stores_restored": restored, "stores_gone": gone, "regions_gone": regions})


def _region_delete(pk: int) -> int:
    return 0 if _in_use(Region, [pk]) else rows_delete(Region, [pk])


def _in_use(model: type[models.Model], pks: list[int]) -> set[int]:
    """Of these stores or regions those that any row of any table names."""
    return {
        used
        for table in apps.get_models(include_auto_created=True)
        for field in table._meta.concrete_fields
        if pks and field.is_relation and field.related_model is model
        for used in table._base_manager.filter(**{f"{field.attname}__in": pks})
        .order_by()
        .values_list(field.attname, flat=True)
        .distinct()
    }


stores_undoer = Undoer(
    undo_stores,
    (
        gettext_lazy("Stores and regions this import added go; those it changed are as they were before."),
        gettext_lazy("A region that is in use by now stays."),
    ),
)
