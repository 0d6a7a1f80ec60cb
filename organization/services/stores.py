"""Writes of regions and stores."""

from django.db import transaction
from django.utils.translation import gettext as _

from organization import company
from organization.models import Region, Staff, Store
from organization.services.audit import audit


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
