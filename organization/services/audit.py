"""The audit trail; every other service writes to it."""

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import models

from organization.models import AuditCheck, AuditEvent, Staff
from organization.trail.verification import verify

logger = logging.getLogger(__name__)
BATCH = 1_000
BREAKS_KEPT = 100

Values = dict[str, Any]


@dataclass(frozen=True)
class Audited:
    """One event of many: what it was done to, and what changed."""

    on: models.Model | None = None
    before: Values = field(default_factory=dict)
    after: Values = field(default_factory=dict)
    data: Values = field(default_factory=dict)


def audit(
    *,
    actor: Staff | None,
    code: str,
    on: models.Model | None = None,
    before: Values | None = None,
    after: Values | None = None,
    data: Values | None = None,
) -> None:
    """Record an act; call it inside the transaction that does it.

    `code` has a label in organization/trail/codes.py. `before` and `after` hold the same keys,
    those of the fields that changed. No value of personal data belongs in any of the three.
    """
    _event(actor, code, Audited(on, before or {}, after or {}, data or {})).save(force_insert=True)


def audit_many(*, actor: Staff | None, code: str, events: Iterable[Audited]) -> None:
    """Record one event for each of many objects, a thousand at a time."""
    rows = (_event(actor, code, event) for event in events)
    AuditEvent.unscoped.bulk_create(rows, batch_size=BATCH)


def audit_check() -> AuditCheck:
    """Verify the chain, with every head noted before, and note what was found."""
    verdict = verify(noted=heads_noted())
    if verdict.breaks:
        logger.error(
            "The audit trail is broken in %s places; run manage.py verify_audit.", len(verdict.breaks)
        )
    return AuditCheck.unscoped.create(
        seq=verdict.head.seq,
        hash=verdict.head.hash,
        breaks=[asdict(found) for found in verdict.breaks[:BREAKS_KEPT]],
        break_count=len(verdict.breaks),
    )


def heads_noted() -> list[tuple[int, str]]:
    """Every head an earlier check came to; all of them must still be in the chain."""
    return list(AuditCheck.unscoped.order_by("pk").values_list("seq", "hash"))


def _event(actor: Staff | None, code: str, event: Audited) -> AuditEvent:
    on = event.on
    return AuditEvent(
        actor=actor,
        code=code,
        object_type=on._meta.label_lower if on else "",
        object_id=on.pk if on else None,
        before=event.before,
        after=event.after,
        data=event.data,
    )
