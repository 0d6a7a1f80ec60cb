"""The audit trail; every other service writes to it."""

from typing import Any

from django.db import models

from organization.models import AuditEvent, Staff


def audit(*, actor: Staff | None, code: str, on: models.Model, data: dict[str, Any] | None = None) -> None:
    """Record a change; call it inside the transaction that makes the change."""
    AuditEvent.unscoped.create(
        actor=actor, code=code, object_type=on._meta.label_lower, object_id=on.pk, data=data or {}
    )
