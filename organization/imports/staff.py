"""A file of accounts: makes, moves and retires them. A username says which account a row is.

Rows are compared in memory with what is there, chunk by chunk, and only what changed is written.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from organization.imports.checking import MOST_ROWS, Preview, written_now
from organization.imports.masking import masked
from organization.imports.reading import Layout, Source
from organization.imports.rows import clean_rows
from organization.imports.staff_columns import cleaners
from organization.imports.tally import Tally
from organization.jobs import JobError, Progress
from organization.models import Import, Role, Staff, Store
from organization.selectors.people import region_paths
from organization.services.access import Admins, scope_check
from organization.services.audit import Audited, audit_many
from organization.services.refusal import Refusal
from organization.services.staff import changed

CHUNK = 2_000
Row = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Access:
    """What a file says of an account."""

    name: str = ""
    email: str = ""
    role: str = ""
    stores: frozenset[int] = frozenset()
    regions: frozenset[int] = frozenset()
    active: bool = True

    @property
    def is_admin(self) -> bool:
        return self.active and self.role == Role.ADMIN


@dataclass(frozen=True)
class Names:
    """What the audit trail calls stores and regions."""

    stores: dict[int, str]
    regions: dict[int, str]


@dataclass
class Account:
    staff: Staff
    was: Access | None  # None: new with this file.
    now: Access


def merge_staff(record: Import, file: Source, layout: Layout, progress: Progress) -> Tally:
    """Import handler for accounts."""
    tally = Tally()
    try:
        admins = Admins(record.asked_by)
    except Refusal as refusal:
        raise JobError(str(refusal)) from None
    names = Names(dict(Store.unscoped.values_list("pk", "code")), region_paths())
    rows = clean_rows(file, layout, cleaners(), {"username"}, tally)
    while chunk := list(itertools.islice(rows, CHUNK)):
        accounts = _accounts(chunk)
        for number, values in chunk:
            _take(number, values, accounts, admins, tally)
        _save(accounts.values(), record.asked_by, names)
        progress.say(_("%(rows)s rows read") % {"rows": f"{tally.read:,}"})
    tally.made = {"staff": tally.added}
    return tally


def _accounts(chunk: list[Row]) -> dict[str, Account]:
    """The accounts here that the rows name, by username in small letters."""
    names = {values["username"].lower() for _row, values in chunk}
    found = list(Staff.objects.alias(small=Lower("username")).filter(small__in=names))
    keys = [staff.pk for staff in found]
    stores = _links(Staff.stores.through.objects.filter(staff__in=keys).values_list("staff_id", "store_id"))
    regions = _links(
        Staff.regions.through.objects.filter(staff__in=keys).values_list("staff_id", "region_id")
    )
    accounts = {}
    for staff in found:
        here = Access(
            staff.first_name,
            staff.email,
            staff.role,
            frozenset(stores.get(staff.pk, ())),
            frozenset(regions.get(staff.pk, ())),
            staff.is_active,
        )
        accounts[staff.username.lower()] = Account(staff, here, here)
    return accounts


def _links(pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    links: dict[int, list[int]] = {}
    for staff, place in pairs:
        links.setdefault(staff, []).append(place)
    return links


def _take(
    row: int, values: dict[str, Any], accounts: dict[str, Account], admins: Admins, tally: Tally
) -> None:
    username = values["username"]
    account = accounts.get(username.lower())
    if account is None and "role" not in values:
        tally.refuse(row, "role", "", _("A new account needs a role."))
        return
    before = account.now if account else Access()
    after = _wanted(before, values)
    try:
        if after.active or values.keys() & {"role", "stores", "regions"}:
            scope_check(role=after.role, stores=after.stores, regions=after.regions)
        if account and before.is_admin and not after.is_admin:
            admins.remove(account.staff.pk, field="active" if before.active > after.active else "role")
    except Refusal as refusal:
        tally.refuse(row, refusal.field, _shown(refusal.field, values), str(refusal))
        return
    if account is None:
        staff = Staff(username=username, password=make_password(None))
        accounts[username.lower()] = Account(staff, None, after)
        tally.added += 1
        return
    if after.is_admin and not before.is_admin:
        admins.add(account.staff, active=after.active)
    tally.updated += before != after
    tally.unchanged += before == after
    account.now = after


def _wanted(before: Access, values: dict[str, Any]) -> Access:
    """What is not sent stays, but of stores and regions only what the role can have."""
    role = values.get("role", before.role)
    kept = replace(
        before,
        stores=before.stores if role == Role.MANAGER else frozenset(),
        regions=before.regions if role in (Role.MARKETER, Role.APPROVER) else frozenset(),
    )
    return replace(kept, **{name: value for name, value in values.items() if name != "username"})


def _shown(field: str, values: dict[str, Any]) -> str:
    """A value as an admin may read it in the list of rows set aside."""
    value = values.get(field, "")
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else ""


def _save(accounts: Iterable[Account], actor: Staff | None, names: Names) -> None:
    new = [account for account in accounts if account.was is None]
    moved = [account for account in accounts if account.was is not None and account.was != account.now]
    for account in (*new, *moved):
        _fill(account)
    Staff.objects.bulk_create(account.staff for account in new)
    _update([account.staff for account in moved])
    both = [(account.staff.pk, account.was or Access(), account.now) for account in (*new, *moved)]
    _link(Staff.stores.through, "store_id", [(pk, was.stores, now.stores) for pk, was, now in both])
    _link(Staff.regions.through, "region_id", [(pk, was.regions, now.regions) for pk, was, now in both])
    created = [Audited(on=account.staff, after=_state(account.now, names)) for account in new]
    audit_many(actor=actor, code="staff.created", events=created)
    updated = [event for account in moved if (event := _changed(account, names))]
    audit_many(actor=actor, code="staff.updated", events=updated)


def _fill(account: Account) -> None:
    staff, now = account.staff, account.now
    if account.was and account.was.active and not now.active:
        staff.access_version += 1
    staff.first_name, staff.email, staff.role, staff.is_active = now.name, now.email, now.role, now.active


def _update(accounts: list[Staff]) -> None:
    """One statement for a whole chunk: `bulk_update` takes seconds for what this does at once."""
    fields = {
        "first_name": "text",
        "email": "text",
        "role": "text",
        "is_active": "bool",
        "access_version": "int",
    }
    values = [[getattr(staff, name) for staff in accounts] for name in ("pk", *fields)]
    arrays = ", ".join(f"%s::{kind}[]" for kind in ("bigint", *fields.values()))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Staff._meta.db_table} AS staff "
            f"SET {', '.join(f'{name} = sent.{name}' for name in fields)} "
            f"FROM unnest({arrays}) AS sent (id, {', '.join(fields)}) WHERE staff.id = sent.id",
            values,
        )


def _link(through: Any, place: str, links: list[tuple[int, frozenset[int], frozenset[int]]]) -> None:
    """Bring the rows of a many-to-many table in line with what accounts have now."""
    ended = [staff for staff, was, now in links if was - now]
    if ended:
        through.objects.filter(staff__in=ended).delete()
    through.objects.bulk_create(
        through(staff_id=staff, **{place: pk})
        for staff, was, now in links
        for pk in sorted(now if was - now else now - was)
    )


def _changed(account: Account, names: Names) -> Audited | None:
    was, now = account.was or Access(), account.now
    personal = [
        field
        for field, old, new in (("first_name", was.name, now.name), ("email", was.email, now.email))
        if old != new
    ]
    return changed(account.staff, _state(was, names), _state(now, names), personal)


def _state(access: Access, names: Names) -> dict[str, Any]:
    """As `organization.services.staff.staff_state` has it."""
    return {
        "role": access.role,
        "stores": sorted(names.stores[pk] for pk in access.stores),
        "regions": sorted(names.regions[pk] for pk in access.regions),
        "is_active": access.active,
    }


def preview_staff(record: Import) -> Preview:
    """Accounts as they would be stored; names and addresses are masked."""
    header = [_("Username"), _("Name"), _("Role"), _("Stores"), _("Regions")]
    accounts = written_now(Staff).prefetch_related("stores", "regions").order_by("pk")[:MOST_ROWS]
    rows = [
        [
            account.username,
            masked(account.first_name),
            str(account.get_role_display()),
            "; ".join(store.code for store in account.stores.all()),
            "; ".join(region.name for region in account.regions.all()),
        ]
        for account in accounts
    ]
    return Preview(header, rows)
