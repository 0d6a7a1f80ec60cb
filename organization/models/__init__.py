"""The company, its stores and regions, staff and what each may see, jobs, imports, the audit trail."""

from organization.models.audit import AuditCheck, AuditEvent, AuditHead, AuditSeal
from organization.models.company import Company
from organization.models.imports import (
    Import,
    ImportKind,
    ImportRest,
    QuarantinedRow,
    RowBefore,
    Source,
)
from organization.models.jobs import Job
from organization.models.profiles import Numbering, Resend, SourceProfile
from organization.models.secrets import Secret
from organization.models.staff import Role, Staff
from organization.models.stores import Region, Store, TwoNames
from organization.models.watch import Alert, ScheduledTask, WorkerBeat

__all__ = [
    "Alert",
    "AuditCheck",
    "AuditEvent",
    "AuditHead",
    "AuditSeal",
    "Company",
    "Import",
    "ImportKind",
    "ImportRest",
    "Job",
    "Numbering",
    "QuarantinedRow",
    "Region",
    "Resend",
    "Role",
    "RowBefore",
    "ScheduledTask",
    "Secret",
    "Source",
    "SourceProfile",
    "Staff",
    "Store",
    "TwoNames",
    "WorkerBeat",
]
