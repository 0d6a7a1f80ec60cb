"""Writes of accounts."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from organization.models import Region, Role, Staff, Store
from organization.selectors.people import region_paths
from organization.services.access import Admins, scope_check
from organization.services.audit import Audited, audit, audit_many
from organization.services.refusal import Refusal


@transaction.atomic
def staff_create(
    *,
    username: str,
    password: str,
    role: str,
    name: str = "",
    email: str = "",
    stores: list[Store] | None = None,
    regions: list[Region] | None = None,
    actor: Staff | None = None,
) -> Staff:
    staff: Staff = Staff.objects.create_user(
        username=username, email=email, password=password, role=role, first_name=name
    )
    staff.stores.set(stores or [])
    staff.regions.set(regions or [])
    audit(actor=actor, code="staff.created", on=staff, data={"role": role})
    return staff


@transaction.atomic
def staff_invite(
    *,
    actor: Staff,
    username: str,
    name: str,
    email: str,
    role: str,
    stores: Collection[Store],
    regions: Collection[Region],
) -> Staff:
    """An account that nobody can enter before its invitation is accepted."""
    Admins(actor)
    scope_check(role=role, stores=stores, regions=regions)
    if Staff.objects.filter(username__iexact=username).exists():
        raise Refusal(_("Another account has this username."), "username")
    staff: Staff = Staff.objects.create_user(
        username=username, email=email, password=None, role=role, first_name=name
    )
    _set_scope(staff, stores, regions)
    audit(actor=actor, code="staff.created", on=staff, after=staff_state(staff))
    return staff


@transaction.atomic
def staff_update(
    *,
    actor: Staff,
    staff: Staff,
    name: str,
    email: str,
    role: str,
    stores: Collection[Store],
    regions: Collection[Region],
) -> bool:
    """Move an account to another role, other stores or regions; False where nothing changes."""
    admins = Admins(actor)
    held = _held(staff)
    scope_check(role=role, stores=stores, regions=regions)
    if held.sees_everything and role != Role.ADMIN:
        admins.remove(held.pk, field="role")
    before, wanted = staff_state(held), {"first_name": name, "email": email}
    personal = [field for field, value in wanted.items() if getattr(held, field) != value]
    held.first_name, held.email, held.role = name, email, role
    held.save(update_fields=["first_name", "email", "role"])
    _set_scope(held, stores, regions)
    return _audit_change(actor, "staff.updated", held, before, personal)


@transaction.atomic
def staff_deactivate(*, actor: Staff, staff: Staff) -> bool:
    """End an account's access, its open sessions and its links; False if it had none any more."""
    admins = Admins(actor)
    held = _held(staff)
    if held.pk == actor.pk or held.sees_everything:
        admins.remove(held.pk, field="active")
    before = staff_state(held)
    if held.is_active:
        held.is_active, held.access_version = False, held.access_version + 1
        held.save(update_fields=["is_active", "access_version"])
    return _audit_change(actor, "staff.deactivated", held, before)


@transaction.atomic
def staff_reactivate(*, actor: Staff, staff: Staff) -> bool:
    """Give an account its access back, with the password and the scope it had."""
    Admins(actor)
    held = _held(staff)
    before = staff_state(held)
    held.is_active = True
    held.save(update_fields=["is_active"])
    return _audit_change(actor, "staff.reactivated", held, before)


def staff_state(staff: Staff) -> dict[str, Any]:
    """What the audit trail keeps of an account: its role and scope, never a name or an address."""
    paths = region_paths()
    return {
        "role": staff.role,
        "stores": sorted(staff.stores.values_list("code", flat=True)),
        "regions": sorted(paths[region.pk] for region in staff.regions.all()),
        "is_active": staff.is_active,
    }


def _held(staff: Staff) -> Staff:
    """The account as it is now, locked."""
    held: Staff = Staff.objects.select_for_update().get(pk=staff.pk)
    return held


def _set_scope(staff: Staff, stores: Collection[Store], regions: Collection[Region]) -> None:
    staff.stores.set(stores)
    staff.regions.set(regions)


def _audit_change(
    actor: Staff, code: str, staff: Staff, before: dict[str, Any], personal: Sequence[str] = ()
) -> bool:
    """Record what changed; of a name or an address only that it did."""
    change = changed(staff, before, staff_state(staff), personal)
    if change:
        audit_many(actor=actor, code=code, events=[change])
    return change is not None


def changed(
    staff: Staff, before: dict[str, Any], after: dict[str, Any], personal: Sequence[str]
) -> Audited | None:
    """An event that holds what differs; None where nothing does."""
    keys = [key for key in after if before[key] != after[key]]
    if not keys and not personal:
        return None
    return Audited(
        on=staff,
        before={key: before[key] for key in keys},
        after={key: after[key] for key in keys},
        data={"personal": list(personal)} if personal else {},
    )
