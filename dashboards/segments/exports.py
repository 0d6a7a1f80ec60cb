"""What taking a list of members out leaves behind."""

from collections.abc import Mapping
from typing import Any

from organization.models import Staff, Store
from organization.services import audit


def export_note(staff: Staff, asked: Mapping[str, Any], *, rows: int) -> None:
    """That a list of members was taken out is an event itself, with what it was narrowed by."""
    data = {name: _said(value) for name, value in asked.items() if value not in (None, "")}
    audit(actor=staff, code="member.list_exported", data=data | {"rows": rows})


def _said(value: Any) -> str:
    return value.code if isinstance(value, Store) else str(value)
