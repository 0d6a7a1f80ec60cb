"""Personal values shown in clear or taken out of the system: one at a time, with a reason, audited."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils.translation import gettext as _

from members.models import Member, MemberIdentity
from members.selectors import everything_held, identity_code
from organization.export import safe
from organization.models import Staff
from organization.services import audit

SHORTEST_REASON = 8
_LONG_NUMBER = re.compile(r"\d[\d\s-]{5,}\d")


def check_reason(reason: str, *, values: Iterable[str | None]) -> None:
    """A reason is kept in the audit trail for ever, so it may not name the person."""
    if len(reason) < SHORTEST_REASON:
        message = _("Give a reason of at least %(n)s characters.")
        raise ValidationError(message % {"n": SHORTEST_REASON})
    if _LONG_NUMBER.search(reason) or any(value and value in reason for value in values):
        raise ValidationError(_("Leave name, numbers and WeChat id out of the reason: it is kept for ever."))


def values_of(member: Member) -> list[str | None]:
    return [member.name, *member.identities.values_list("value", flat=True)]


@transaction.atomic
def member_reveal(*, member: Member, field: str, reason: str, actor: Staff) -> str:
    """One personal value in clear; the audit trail says who saw which field and why, never the value."""
    check_reason(reason, values=values_of(member))
    name, value = _value(member, field)
    audit(actor=actor, code="member.revealed", on=member, data={"field": name, "reason": reason})
    return value


def _value(member: Member, field: str) -> tuple[str, str]:
    if field == "name" and member.name:
        return "name", member.name
    if field == "birth_date" and member.birth_date:
        return "birth_date", member.birth_date.isoformat()
    for identity in MemberIdentity.unscoped.filter(member=member):
        if identity_code(identity) == field:
            return str(identity.kind), identity.value
    raise ValidationError(_("There is no such value of this member."))


@transaction.atomic
def member_export(*, member: Member, form: str, actor: Staff | None) -> bytes:
    """Everything held about a member, as JSON or as one CSV file per table in a ZIP file."""
    held = everything_held(member)
    counts = {table: len(rows) for table, rows in held.items()}
    audit(actor=actor, code="member.exported", on=member, data={"form": form, "rows": counts})
    if form == "json":
        return json.dumps(held, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2).encode()
    return _zipped(held)


def _zipped(held: dict[str, list[dict[str, Any]]]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for table, rows in held.items():
            archive.writestr(f"{table}.csv", _csv(rows))
    return packed.getvalue()


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(rows[0])
    writer.writerows([safe(value) for value in row.values()] for row in rows)
    return "\ufeff" + text.getvalue()
