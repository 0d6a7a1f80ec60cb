"""Writes of accounts."""

from django.db import transaction

from organization.models import Region, Staff, Store
from organization.services.audit import audit


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
