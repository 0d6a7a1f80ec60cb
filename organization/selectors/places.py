"""Regions and stores, for admins."""

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from organization import counts
from organization.models import Region, Staff, Store
from organization.selectors.people import region_paths, region_tree

STORE_ORDERS = {
    "code": "code",
    "name": "name",
    "region": "region__path",
    "closing": "closing_hour",
    "zone": "time_zone",
}
OPTIONS = 12


@dataclass(frozen=True)
class StoreRow:
    store: Store
    staff: int
    others: list[int]  # As counts.labels() names them.


@dataclass(frozen=True)
class RegionRow:
    region: Region
    depth: int
    stores: int  # With all regions below.


def stores(
    asker: Staff, *, words: str = "", state: str = "", region: Region | None = None, sort: str = ""
) -> QuerySet[Store]:
    """Stores by words of code, licence number or name; `region` counts with everything below it."""
    found: QuerySet[Store] = Store.objects.visible_to(asker).select_related("region")
    for word in words.split():
        found = found.filter(_named(word))
    if state in ("open", "closed"):
        found = found.filter(is_active=state == "open")
    if region:
        found = found.filter(region__path__startswith=region.path)
    field = STORE_ORDERS.get(sort.removeprefix("-"), "code")
    return found.order_by(f"-{field}" if sort.startswith("-") else field, "code")


def _named(word: str) -> Q:
    return (
        Q(code__icontains=word)
        | Q(licence_number__icontains=word)
        | Q(name__icontains=word)
        | Q(name_en__icontains=word)
    )


def store_options(asker: Staff, *, words: str, chosen: Collection[int]) -> list[Store]:
    """The stores chosen already, then the first that fit the words; without words all, if they are few."""
    seen = Store.objects.visible_to(asker).select_related("region")
    kept = list(seen.filter(pk__in=chosen).order_by("code"))
    others = stores(asker, words=words).exclude(pk__in=chosen)[: OPTIONS + 1]
    if not words.strip() and len(others) > OPTIONS:
        return kept
    return kept + list(others[:OPTIONS])


def store_rows(asker: Staff, page: Collection[Store]) -> list[StoreRow]:
    """Stores with the number of active accounts and of what upper apps count."""
    keys = [store.pk for store in page]
    linked = Staff.stores.through.objects.filter(store__in=keys, staff__is_active=True)
    staff = dict(linked.order_by().values_list("store").annotate(Count("pk")))
    others = counts.of_stores(asker, keys)
    return [StoreRow(store, staff.get(store.pk, 0), others[store.pk]) for store in page]


def stores_csv(asker: Staff, found: QuerySet[Store]) -> Iterator[list[Any]]:
    """Rows that a file of stores may hold again, and the numbers of the page."""
    paths, rows = region_paths(), found.iterator(chunk_size=2_000)
    while chunk := list(itertools.islice(rows, 2_000)):
        for row in store_rows(asker, chunk):
            store = row.store
            yield [
                *(store.code, store.licence_number, store.name, store.name_en, int(store.is_active)),
                *(paths[store.region_id], store.time_zone, store.closing_hour, row.staff, *row.others),
            ]


def region_rows(asker: Staff) -> list[RegionRow]:
    """The tree of regions with the number of stores in each, those below included."""
    seen = Store.objects.visible_to(asker).order_by()
    direct = seen.values_list("region__path").annotate(Count("pk", distinct=True))
    total: dict[int, int] = {}
    for path, number in direct:
        for pk in map(int, path.strip("/").split("/")):
            total[pk] = total.get(pk, 0) + number
    return [
        RegionRow(region, region.path.count("/") - 2, total.get(region.pk, 0)) for region in region_tree()
    ]
