"""Writes of this app; `audit` is called by every other app's services too."""

from organization.services.audit import Audited, audit, audit_check, audit_many
from organization.services.imports import import_create, quarantine_downloaded, quarantine_forget
from organization.services.jobs import job_run_again
from organization.services.staff import staff_create
from organization.services.stores import region_ensure

__all__ = [
    "Audited",
    "audit",
    "audit_check",
    "audit_many",
    "import_create",
    "job_run_again",
    "quarantine_downloaded",
    "quarantine_forget",
    "region_ensure",
    "staff_create",
]
