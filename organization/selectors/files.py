"""Reads of this app: imports and what is wrong with their rows, jobs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Min, Q, QuerySet

from organization.imports.masking import problem_shown
from organization.imports.runner import column_labels
from organization.imports.words import written_as
from organization.models import Import, ImportKind, Job, QuarantinedRow, Staff, Store

IMPORT_ORDERS = {
    "file": "file_name",
    "kind": "kind",
    "when": "id",
    "read": "read",
    "added": "added",
    "quarantined": "quarantined",
}
UNDONE = "undone"  # a state of imports beside those of their jobs
# In this order, since each names what the ones before brought.
NEEDED = (ImportKind.STORES, ImportKind.PRODUCTS, ImportKind.MEMBERS, ImportKind.SALES)


def imports(
    staff: Staff, *, words: str = "", kind: str = "", status: str = "", sort: str = ""
) -> QuerySet[Import]:
    """Imports whose file name holds the words; `sort` is a key of IMPORT_ORDERS, "-" turns it round."""
    found: QuerySet[Import] = Import.objects.visible_to(staff).select_related("job", "source", "asked_by")
    found = found.filter(Q(kind=kind) if kind else Q(), _in_state(status))
    if words:
        found = found.filter(file_name__icontains=words)
    field = IMPORT_ORDERS.get(sort.removeprefix("-"), "id")
    down = sort.startswith("-") or sort.removeprefix("-") not in IMPORT_ORDERS
    return found.order_by(f"-{field}" if down else field, "-id")


def _in_state(status: str) -> Q:
    if status == UNDONE:
        return Q(undone_at__isnull=False)
    return Q(job__status=status, undone_at=None) if status else Q()


def jobs(staff: Staff, *, kind: str = "", status: str = "") -> QuerySet[Job]:
    """The jobs this person may see, newest first."""
    seen: QuerySet[Job] = Job.objects.visible_to(staff).select_related("asked_by", "cancelled_by")
    return seen.filter(Q(kind=kind) if kind else Q(), Q(status=status) if status else Q())


def job_kinds(staff: Staff) -> list[str]:
    return list(Job.objects.visible_to(staff).order_by("kind").values_list("kind", flat=True).distinct())


@dataclass(frozen=True)
class ColumnRead:
    title: str
    becomes: str
    written: str  # how its numbers or dates are written, where that says something


def columns_read(record: Import) -> list[ColumnRead]:
    """Which column of the file became which of ours."""
    labels = column_labels(record.kind)
    columns = record.reading.get("columns", [])
    forms = record.reading.get("forms", {})
    return [
        ColumnRead(
            column["title"],
            labels.get(column["name"], column["name"]),
            written_as(forms.get(column["name"], {})),
        )
        for column in columns
    ]


@dataclass(frozen=True)
class FileKind:
    """A kind of file, whether any of it is here, and the file that came last."""

    kind: ImportKind
    is_here: bool
    latest: Import | None

    @property
    def is_mostly_aside(self) -> bool:
        """More than half of the last file could not be stored: something is wrong with all of it."""
        return bool(self.latest and self.latest.quarantined * 2 > self.latest.read)


def file_kinds(staff: Staff) -> list[FileKind]:
    """What a night needs, in the order it is to be brought in; stores may have been typed by hand."""
    here = _kinds_here(staff)
    kept = Import.objects.visible_to(staff).filter(discarded_at=None).select_related("job")
    last = kept.order_by("kind", "-id").distinct("kind")
    latest = {record.kind: record for record in last}
    return [FileKind(kind, kind in here, latest.get(kind)) for kind in NEEDED]


def next_kind(staff: Staff) -> str:
    """The first kind of which nothing is here yet; sales, which come every day, once all are."""
    here = _kinds_here(staff)
    return next((kind for kind in NEEDED if kind not in here), ImportKind.SALES)


def _kinds_here(staff: Staff) -> set[str]:
    done = Import.objects.visible_to(staff).filter(added__gt=0, undone_at=None)
    here = set(done.order_by().values_list("kind", flat=True).distinct())
    if Store.objects.visible_to(staff).exists():
        here.add(ImportKind.STORES)
    return here


@dataclass(frozen=True)
class SetAside:
    """One row set aside, as a page may show it."""

    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class ProblemGroup:
    """Rows with the same reason in the same column, and the first of them."""

    count: int
    example: SetAside


def problem_groups(record: Import) -> list[ProblemGroup]:
    groups = list(
        record.quarantine.values("column", "reason")
        .annotate(count=Count("pk"), first=Min("row"))
        .order_by("-count", "first")
    )
    examples = {
        row.row: row for row in record.quarantine.filter(row__in=[group["first"] for group in groups])
    }
    labels = column_labels(record.kind)
    return [
        ProblemGroup(group["count"], _shown(record, examples[group["first"]], labels)) for group in groups
    ]


def rows_set_aside(record: Import, *, like: int | None = None) -> QuerySet[QuarantinedRow]:
    """Rows in file order; `like` keeps those with the same fault as that row."""
    rows = record.quarantine.order_by("row")
    example = record.quarantine.filter(row=like).first() if like else None
    return rows.filter(column=example.column, reason=example.reason) if example else rows


def shown_rows(record: Import, rows: list[QuarantinedRow]) -> list[SetAside]:
    labels = column_labels(record.kind)
    return [_shown(record, row, labels) for row in rows]


def _shown(record: Import, row: QuarantinedRow, labels: dict[str, str]) -> SetAside:
    value = problem_shown(record.kind, row.column, row.value)
    return SetAside(row.row, labels.get(row.column, row.column), value, row.reason)


def rows_with_reasons(record: Import) -> Iterator[list[str]]:
    """Rows set aside as they stood in the file, each after its number, column and reason."""
    labels = column_labels(record.kind)
    for row in record.quarantine.order_by("row").iterator(chunk_size=2_000):
        yield [str(row.row), labels.get(row.column, row.column), row.reason, *json.loads(row.raw or "[]")]
