"""Take a file in as a worker does, within the transaction of a test."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.files.base import ContentFile

from organization.imports.runner import import_run
from organization.jobs import Progress
from organization.models import Import, Staff
from organization.services import import_create

Rows = Iterable[Mapping[str, object]]


def as_csv(rows: Rows) -> str:
    """Rows as the text of a file; the columns are those of the first row."""
    rows = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def queue(
    kind: str,
    content: str | bytes | Rows,
    *,
    source: str = "POS",
    name: str = "a.csv",
    by: Staff | None = None,
    check_first: bool = False,
    **how: Any,
) -> Import:
    if not isinstance(content, str | bytes):
        content = as_csv(content)
    raw = content.encode() if isinstance(content, str) else content
    return import_create(
        kind=kind,
        file=ContentFile(raw),
        file_name=name,
        source=source,
        asked_by=by,
        check_first=check_first,
        **how,
    )


def take_in(kind: str, content: str | bytes | Rows, **how: Any) -> Import:
    """Run an import to its end; a refusal is raised as JobError."""
    record = queue(kind, content, **how)
    assert record.job is not None
    import_run(record.job, Progress(record.job))
    record.refresh_from_db()
    return record


def counts(record: Import) -> dict[str, int]:
    """The counts that are not zero; the database holds that they add up."""
    names = ("read", "added", "updated", "unchanged", "ignored", "quarantined")
    return {name: getattr(record, name) for name in names if getattr(record, name)}


def faults(record: Import) -> list[tuple[int, str, str]]:
    """Row, column and reason of the rows set aside."""
    return list(record.quarantine.order_by("row").values_list("row", "column", "reason"))
