"""Writes of this app; `audit` is called by every other app's services too."""

from typing import Any

from django.db import models, transaction

from organization.models import AuditEvent, Region, Staff, Store


def audit(*, actor: Staff | None, code: str, on: models.Model, data: dict[str, Any] | None = None) -> None:
    """Record a change; call it inside the transaction that makes the change."""
    AuditEvent.objects.create(
        actor=actor, code=code, object_type=on._meta.label_lower, object_id=on.pk, data=data or {}
    )


@transaction.atomic
def region_ensure(*, names: list[str], names_en: list[str] | None = None) -> Region:
    """The region at the end of a path of names from the root; missing ones are made."""
    parent: Region | None = None
    for depth, name in enumerate(names):
        name_en = names_en[depth] if names_en and depth < len(names_en) else ""
        region, made = Region.objects.get_or_create(parent=parent, name=name, defaults={"name_en": name_en})
        if made:
            region.path = f"{parent.path if parent else '/'}{region.pk}/"
            region.save(update_fields=["path"])
        parent = region
    assert parent is not None, "a region path has at least one name"
    return parent


@transaction.atomic
def staff_create(
    *,
    username: str,
    password: str,
    role: str,
    name: str = "",
    stores: list[Store] | None = None,
    regions: list[Region] | None = None,
    actor: Staff | None = None,
) -> Staff:
    staff: Staff = Staff.objects.create_user(username=username, password=password, role=role, first_name=name)
    staff.stores.set(stores or [])
    staff.regions.set(regions or [])
    audit(actor=actor, code="staff.created", on=staff, data={"role": role})
    return staff
