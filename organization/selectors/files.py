"""Reads of this app: imports and what is wrong with their rows, jobs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Min, Q, QuerySet

from organization.imports.columns import match_header
from organization.imports.mapping import place_of, titled
from organization.imports.masking import PERSONAL, cell_shown, is_personal, masked, problem_shown
from organization.imports.runner import column_labels, importer_of
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
# States of imports beside those of their jobs.
UNDONE, CHECKED, COLUMNS, DISCARDED = "undone", "checked", "columns", "discarded"
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
    """As the list names it: a file that was only checked is not done, one to map has not failed."""
    is_open = Q(job__status__in=[Job.Status.QUEUED, Job.Status.RUNNING])
    idle = Q(finished_at=None, discarded_at=None) & ~is_open
    own = {
        UNDONE: Q(undone_at__isnull=False),
        DISCARDED: Q(discarded_at__isnull=False),
        CHECKED: idle & Q(checked_at__isnull=False),
        COLUMNS: idle & Q(checked_at=None, needs_mapping=True, corrects=None),
    }
    if not status or status in own:
        return own.get(status, Q())
    return Q(job__status=status) & ~(own[UNDONE] | own[DISCARDED] | own[CHECKED] | own[COLUMNS])


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
        _still_there(record)
        .values("column", "reason")
        .annotate(count=Count("pk"), first=Min("row"))
        .order_by("-count", "first")
    )
    examples = {
        row.row: row for row in _still_there(record).filter(row__in=[group["first"] for group in groups])
    }
    labels = column_labels(record.kind)
    return [
        ProblemGroup(group["count"], _shown(record, examples[group["first"]], labels)) for group in groups
    ]


def _still_there(record: Import) -> QuerySet[QuarantinedRow]:
    """Rows set aside that have not come again."""
    rows: QuerySet[QuarantinedRow] = record.quarantine.filter(taken_by=None)
    return rows


def corrections(staff: Staff, record: Import) -> QuerySet[Import]:
    """Imports by which rows of this one came again."""
    seen: QuerySet[Import] = Import.objects.visible_to(staff).filter(corrects=record)
    return seen.filter(discarded_at=None, undone_at=None).select_related("job").order_by("pk")


@dataclass(frozen=True)
class Cell:
    """A cell of a row set aside, as a form asks for it; one of a person is masked and not filled in."""

    at: int
    title: str
    value: str
    masked: str
    is_wrong: bool


@dataclass(frozen=True)
class RowToMend:
    """A row set aside with its cells; none where they do not fit the file's titles."""

    row: int
    cells: list[Cell]


def row_to_mend(record: Import, row: QuarantinedRow) -> RowToMend:
    header, raw = record.reading.get("header", []), json.loads(row.raw or "[]")
    if len(raw) != len(header):
        return RowToMend(row.row, [])
    persons, wrong = places_of_persons(record), _places_of(record, row.column)
    titles = titles_of(record)
    cells = []
    for at, value in enumerate(raw):
        shown = masked(value) if at in persons else cell_shown(record.kind, header[at], value)
        seen, masked_as = (value, "") if shown == value else ("", shown)
        cells.append(Cell(at, titles[at], seen, masked_as, at in wrong))
    return RowToMend(row.row, cells)


def titles_of(record: Import) -> list[str]:
    """What a page calls the columns of a file that was read."""
    is_bare = record.reading.get("headerless")
    return [titled(at + 1) if is_bare else title for at, title in enumerate(record.reading.get("header", []))]


def places_of_persons(record: Import) -> set[int]:
    """Where in a row of the file personal values stand."""
    header = record.reading.get("header", [])
    if record.mapping:
        rules = record.mapping["columns"]
        refs = [ref for name in PERSONAL & rules.keys() for ref in rules[name].get("refs", [])]
        return {place for ref in refs if (place := place_of(ref, header)) is not None}
    positions, _unused = match_header(header, importer_of(record.kind).columns)
    return {at for name, at in positions.items() if is_personal(record.kind, name, "")}


def _places_of(record: Import, column: str) -> set[int]:
    """Where in a row of the file a column of ours stands; nowhere if the row as a whole is wrong."""
    header = record.reading.get("header", [])
    if record.mapping:
        refs = record.mapping["columns"].get(column, {}).get("refs", [])
        return {place for ref in refs if (place := place_of(ref, header)) is not None}
    positions, _unused = match_header(header, importer_of(record.kind).columns)
    return {positions[column]} if column in positions else set()


def rows_set_aside(record: Import, *, like: int | None = None) -> QuerySet[QuarantinedRow]:
    """Rows in file order; `like` keeps those with the same fault as that row."""
    rows = _still_there(record).order_by("row")
    example = rows.filter(row=like).first() if like else None
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
    for row in _still_there(record).order_by("row").iterator(chunk_size=2_000):
        yield [str(row.row), labels.get(row.column, row.column), row.reason, *json.loads(row.raw or "[]")]
