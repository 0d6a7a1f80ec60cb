"""Accounts, for admins."""

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy

from organization.models import Region, Role, Staff, Store

STATES = {
    "active": pgettext_lazy("of an account", "Active"),
    "invited": gettext_lazy("Never logged in"),
    "left": pgettext_lazy("of an account", "Left"),
}
_STATES = {
    "active": Q(is_active=True),
    "invited": Q(is_active=True, last_login=None),
    "left": Q(is_active=False),
}
STAFF_ORDERS = {
    "name": "first_name",
    "username": "username",
    "role": "role",
    "login": "last_login",
    "joined": "date_joined",
}


def accounts(
    asker: Staff,
    *,
    words: str = "",
    role: str = "",
    state: str = "",
    region: Region | None = None,
    store: Store | None = None,
    sort: str = "",
) -> QuerySet[Staff]:
    """Accounts by words of name, username or address; `region` counts with everything below it."""
    found = Staff.objects.all() if asker.sees_everything else Staff.objects.none()
    for word in words.split():
        found = found.filter(
            Q(username__icontains=word)
            | Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
            | Q(email__icontains=word)
        )
    if role in Role.values:
        found = found.filter(role=role)
    found = found.filter(_STATES.get(state, Q()), _within(region), _of(store))
    field = STAFF_ORDERS.get(sort.removeprefix("-"), "username")
    order = F(field).desc(nulls_last=True) if sort.startswith("-") else F(field).asc(nulls_first=True)
    return found.order_by(order, "pk").prefetch_related("stores", "regions")


def _within(region: Region | None) -> Q:
    if region is None:
        return Q()
    below = Region.objects.filter(path__startswith=region.path).values("pk")
    of_regions = Staff.regions.through.objects.filter(region__in=below)
    of_stores = Staff.stores.through.objects.filter(store__region__in=below)
    return Q(pk__in=of_regions.values("staff")) | Q(pk__in=of_stores.values("staff"))


def _of(store: Store | None) -> Q:
    return Q(pk__in=Staff.stores.through.objects.filter(store=store).values("staff")) if store else Q()


def accounts_csv(found: QuerySet[Staff]) -> Iterator[list[Any]]:
    """Rows that a file of accounts may hold again, and the last log-in."""
    paths = region_paths()
    for staff in found.iterator(chunk_size=2_000):
        yield [
            staff.username,
            staff.get_full_name(),
            staff.email,
            staff.role,
            ";".join(sorted(store.code for store in staff.stores.all())),
            ";".join(sorted(paths[region.pk] for region in staff.regions.all())),
            int(staff.is_active),
            f"{timezone.localtime(staff.last_login):%Y-%m-%d %H:%M}" if staff.last_login else "",
        ]


def region_paths() -> dict[int, str]:
    """Names from the root down, as files of stores and accounts write a region."""
    regions = {region.pk: region for region in Region.objects.all()}
    return {
        region.pk: "/".join(regions[int(pk)].name for pk in region.path.strip("/").split("/"))
        for region in regions.values()
    }


def region_choices(*, without: Region | None = None) -> list[tuple[int, str]]:
    """Every region in the order of the tree, indented; `without` leaves out one and all below it."""
    kept = [region for region in region_tree() if without is None or not region.path.startswith(without.path)]
    return [(region.pk, "\u2003" * (region.path.count("/") - 2) + str(region)) for region in kept]


def region_tree() -> list[Region]:
    """Every region, each followed by what lies below it; beside each other by name."""
    regions = {region.pk: region for region in Region.objects.all()}

    def place(region: Region) -> list[tuple[str, int]]:
        above = [regions[int(pk)] for pk in region.path.strip("/").split("/")]
        return [(str(one), one.pk) for one in above]

    return sorted(regions.values(), key=place)
