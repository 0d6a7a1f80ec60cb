"""Writes of regions and stores."""

from typing import Any

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Length, Substr
from django.utils.translation import gettext as _

from organization import company
from organization.models import Region, Staff, Store
from organization.services.audit import Audited, audit, audit_many
from organization.services.refusal import Refusal

LONGEST_PATH = 200


@transaction.atomic
def region_ensure(*, names: list[str], names_en: list[str] | None = None) -> Region:
    """The region at the end of a path of names from the root; missing ones are made."""
    parent: Region | None = None
    for depth, name in enumerate(names):
        name_en = names_en[depth] if names_en and depth < len(names_en) else ""
        region, made = Region.objects.get_or_create(parent=parent, name=name, defaults={"name_en": name_en})
        if made:
            _place(region, parent)
        parent = region
    assert parent is not None, "a region path has at least one name"
    return parent


@transaction.atomic
def region_create(*, actor: Staff, name: str, name_en: str, parent: Region | None) -> Region:
    _lock_regions()
    _check_name(name, parent)
    region = Region.objects.create(name=name, name_en=name_en, parent=parent)
    _place(region, parent)
    audit(actor=actor, code="region.created", on=region, after=_region_state(region))
    return region


@transaction.atomic
def region_update(*, actor: Staff, region: Region, name: str, name_en: str, parent: Region | None) -> bool:
    """Rename a region or move it with all below it; False where nothing changes."""
    _lock_regions()
    held = Region.objects.get(pk=region.pk)
    parent = Region.objects.get(pk=parent.pk) if parent else None
    _check_name(name, parent, but=held)
    if parent and parent.path.startswith(held.path):
        raise Refusal(_("A region cannot lie within itself. Choose a region that is not below it."), "parent")
    before, old_parent = _region_state(held), held.parent_id
    held.name, held.name_en, held.parent = name, name_en, parent
    held.save(update_fields=["name", "name_en", "parent"])
    if old_parent != held.parent_id:
        _move(held, parent)
    return _audit_change(actor, "region.updated", held, before, _region_state(held))


@transaction.atomic
def store_update(
    *,
    actor: Staff,
    store: Store,
    name: str,
    name_en: str,
    region: Region,
    time_zone: str,
    closing_hour: int,
    is_active: bool,
) -> list[str]:
    """Change a store; the names of the fields that changed. Stored receipts keep their business day."""
    held = Store.unscoped.select_for_update().get(pk=store.pk)
    wanted = {
        "name": name,
        "name_en": name_en,
        "region": region,
        "time_zone": time_zone,
        "closing_hour": closing_hour,
        "is_active": is_active,
    }
    before, changed = store_state(held), [field for field in wanted if getattr(held, field) != wanted[field]]
    for field in changed:
        setattr(held, field, wanted[field])
    held.save(update_fields=changed)
    _audit_change(actor, "store.updated", held, before, store_state(held))
    return changed


def _audit_change(
    actor: Staff, code: str, on: Region | Store, before: dict[str, Any], after: dict[str, Any]
) -> bool:
    change = change_of(on, before, after)
    if change.after:
        audit_many(actor=actor, code=code, events=[change])
    return bool(change.after)


def change_of(on: Region | Store, before: dict[str, Any], after: dict[str, Any]) -> Audited:
    """An event that holds what differs."""
    keys = [key for key in after if before[key] != after[key]]
    return Audited(on, {key: before[key] for key in keys}, {key: after[key] for key in keys})


def store_state(store: Store) -> dict[str, Any]:
    """What the audit trail keeps of a store."""
    fields = ("code", "name", "name_en", "time_zone", "closing_hour", "is_active")
    return {field: getattr(store, field) for field in fields} | {"region": store.region.name}


def _lock_regions() -> None:
    """Changes of the tree come one by one: two moves at once could make a circle."""
    list(Region.objects.select_for_update().order_by("pk").values_list("pk"))


def _check_name(name: str, parent: Region | None, *, but: Region | None = None) -> None:
    if "/" in name:
        raise Refusal(_("A name cannot hold “/”: files write the path of a region with it."), "name")
    twins = Region.objects.filter(parent=parent, name=name)
    if (twins.exclude(pk=but.pk) if but else twins).exists():
        raise Refusal(_("There is a region of this name at the same place."), "name")


def _place(region: Region, parent: Region | None) -> None:
    region.path = f"{parent.path if parent else '/'}{region.pk}/"
    region.save(update_fields=["path"])


def _move(region: Region, parent: Region | None) -> None:
    """Write the paths of a region and of all below it anew."""
    old, new = region.path, f"{parent.path if parent else '/'}{region.pk}/"
    below = Region.objects.filter(path__startswith=old).alias(length=Length("path"))
    if below.filter(length__gt=LONGEST_PATH - len(new) + len(old)).exists():
        raise Refusal(_("Regions cannot be nested this deep."), "parent")
    below.update(path=Concat(Value(new), Substr(F("path"), len(old) + 1)))
    region.path = new


def _region_state(region: Region) -> dict[str, Any]:
    return {
        "name": region.name,
        "name_en": region.name_en,
        "parent": region.parent.name if region.parent else "",
    }


def region_path(text: str) -> list[str]:
    """The names of a path such as "Company/East", from the root."""
    return [part.strip()[:80] for part in text.split("/") if part.strip()]


def root_region_name() -> str:
    """Where a store stands whose region nobody has named."""
    return company.current().name or _("Company")


@transaction.atomic
def stores_create(*, actor: Staff, rows: list[dict[str, str]]) -> list[Store]:
    """Stores by hand, each with name and licence_number, perhaps code and region.

    Without a code the licence number is the code; without a region the root's is taken.
    """
    zone, made = company.current().time_zone, []
    for row in rows:
        store: Store = Store.unscoped.create(
            name=row["name"],
            licence_number=row["licence_number"],
            code=row.get("code") or row["licence_number"],
            region=region_ensure(names=region_path(row.get("region", "")) or [root_region_name()]),
            time_zone=zone,
        )
        audit(actor=actor, code="store.created", on=store, data={"code": store.code})
        made.append(store)
    return made
