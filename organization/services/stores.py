"""Writes of regions and stores."""

from django.db import transaction

from organization.models import Region


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
