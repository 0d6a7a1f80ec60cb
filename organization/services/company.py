"""Writes of the company's own facts, and the account that begins it."""

from typing import TypedDict

from django.db import connection, transaction

from organization import company
from organization.models import Company, Role, Staff
from organization.services.audit import audit
from organization.services.staff import staff_create

FIRST_ADMIN_LOCK = 7_403


class CompanyFields(TypedDict):
    name: str
    sender_name: str
    time_zone: str
    language: str
    currency_sign: str
    minimum_age: int


class AlreadySetUp(Exception):
    """Somebody has an account already."""


@transaction.atomic
def company_save(*, actor: Staff | None, fields: CompanyFields) -> Company:
    """Write the one row; the audit keeps what each changed fact was before."""
    before = Company.objects.select_for_update().first()
    saved, _made = Company.objects.update_or_create(id=1, defaults=fields)
    was = {name: getattr(before, name, None) for name in fields}
    changed = [name for name, value in fields.items() if was[name] != value]
    if changed:
        audit(
            actor=actor,
            code="company.changed",
            on=saved,
            before={name: was[name] for name in changed},
            after={name: getattr(saved, name) for name in changed},
        )
    company.ROW.forget()
    transaction.on_commit(company.ROW.forget)
    return saved


@transaction.atomic
def first_admin_create(*, username: str, password: str, name: str, email: str) -> Staff:
    """The account of the set-up; of two that are asked for at once, the second is AlreadySetUp."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FIRST_ADMIN_LOCK])
    if Staff.objects.exists():
        raise AlreadySetUp
    return staff_create(username=username, password=password, role=Role.ADMIN, name=name, email=email)
