"""Writes of this app; `audit` is called by every other app's services too."""

from organization.services.audit import Audited, audit, audit_check, audit_many
from organization.services.company import AlreadySetUp, company_save, first_admin_create
from organization.services.imports import import_create, quarantine_downloaded
from organization.services.jobs import job_run_again
from organization.services.sessions import second_factor_reset, session_end, sessions_end
from organization.services.staff import staff_create
from organization.services.stores import region_ensure, stores_create

__all__ = [
    "AlreadySetUp",
    "Audited",
    "audit",
    "audit_check",
    "audit_many",
    "company_save",
    "first_admin_create",
    "import_create",
    "job_run_again",
    "quarantine_downloaded",
    "region_ensure",
    "second_factor_reset",
    "session_end",
    "sessions_end",
    "staff_create",
    "stores_create",
]
