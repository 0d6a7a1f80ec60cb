"""States before an import of rows that come by the thousand: stores, regions, products, barcodes."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from organization.models import Import, ImportRest, RowBefore

Columns = dict[str, Any]
BATCH = 2_000


class Journal:
    """Told of each row before it is changed; written once, after the rows are."""

    def __init__(self, record: Import) -> None:
        self._record = record
        self._before: dict[int, tuple[models.Model, Columns | None]] = {}
        self._gone: set[int] = set()

    def made(self, row: models.Model) -> None:
        self._before.setdefault(id(row), (row, None))

    def changing(self, row: models.Model) -> None:
        """A row that this import made stays one that it made."""
        self._before.setdefault(id(row), (row, columns(row)))

    def going(self, row: models.Model) -> None:
        self.changing(row)
        self._gone.add(id(row))

    def write(self) -> None:
        RowBefore.unscoped.bulk_create(
            (
                RowBefore(
                    changed_by=self._record,
                    table=row._meta.label_lower,
                    row=str(row.pk),
                    before=before,
                    after=None if key in self._gone else columns(row),
                )
                for key, (row, before) in self._before.items()
            ),
            batch_size=BATCH,
        )


def columns(row: models.Model) -> Columns:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def entries(record: Import, model: type[models.Model]) -> list[RowBefore]:
    return list(RowBefore.unscoped.filter(changed_by=record, table=model._meta.label_lower).order_by("pk"))


def made_by(record: Import, model: type[models.Model]) -> list[str]:
    """Keys of the rows an import made and that are still there."""
    found = RowBefore.unscoped.filter(
        changed_by=record, table=model._meta.label_lower, before__isnull=True, after__isnull=False
    )
    return list(found.values_list("row", flat=True))


def put_back(record: Import, model: type[models.Model]) -> int:
    """Rows that were changed are as before, those that gave way are back; those made are not touched."""
    found = [entry for entry in entries(record, model) if entry.before is not None]
    rows = [(entry, _row(model, entry.before or {})) for entry in found]
    changed = [row for entry, row in rows if entry.after is not None]
    names = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    model._base_manager.bulk_update(changed, names, batch_size=500)
    model._base_manager.bulk_create([row for entry, row in rows if entry.after is None], batch_size=BATCH)
    return len(rows)


def _row(model: type[models.Model], before: Columns) -> models.Model:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return model(**{name: fields[name].to_python(value) for name, value in before.items()})


def changed_later(record: Import) -> list[str]:
    """Later imports that changed the same rows, in sentences."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT i.file_name, count(DISTINCT (mine.table, mine.row))
                 FROM organization_rowbefore mine
                 JOIN organization_rowbefore later ON later.table = mine.table AND later.row = mine.row
                  AND later.id > mine.id AND later.changed_by_id <> mine.changed_by_id
                 JOIN organization_import i ON i.id = later.changed_by_id
                WHERE mine.changed_by_id = %s GROUP BY i.id ORDER BY i.id""",
            [record.pk],
        )
        return [same_rows_sentence(file, n) for file, n in cursor.fetchall()]


def same_rows_sentence(file: str, n: int) -> str:
    sentence = ngettext(
        "%(file)s, which came later, changed %(n)s of the same rows. Undo that import first.",
        "%(file)s, which came later, changed %(n)s of the same rows. Undo that import first.",
        n,
    )
    return sentence % {"file": file, "n": f"{n:,}"}


def changed_by_hand(record: Import, model: type[models.Model]) -> list[str]:
    """Rows somebody changed since the import, in a sentence."""
    found = {entry.row: entry for entry in entries(record, model) if entry.after is not None}
    rows = model._base_manager.in_bulk([model._meta.pk.to_python(row) for row in found])
    differ = [str(row) for row in rows.values() if _differs(row, found[str(row.pk)])]
    if not differ:
        return []
    names = ", ".join(sorted(differ)[:5])
    return [
        _("Changed by hand since: %(names)s. Put that back first, or leave the import.") % {"names": names}
    ]


def _differs(row: models.Model, entry: RowBefore) -> bool:
    now, before, after = _as_json(columns(row)), entry.before or {}, entry.after or {}
    return any(
        now[name] != after[name] for name in after if name not in before or before[name] != after[name]
    )


def _as_json(values: Columns) -> Columns:
    plain: Columns = json.loads(json.dumps(values, cls=DjangoJSONEncoder))
    return plain


class Latest:
    """Which import last wrote each row of a table, to know on whom rows that changed nothing rest."""

    def __init__(self, model: type[models.Model]) -> None:
        found = RowBefore.unscoped.filter(table=model._meta.label_lower).order_by("pk")
        self._by = dict(found.values_list("row", "changed_by"))

    def of(self, row: models.Model) -> int | None:
        return self._by.get(str(row.pk))


def rests_note(record: Import, rows: Mapping[int, int]) -> None:
    """Note how many unchanged rows rest on each earlier import; those that are not there are left out."""
    there = Import.unscoped.filter(pk__in=[pk for pk in rows if pk != record.pk]).values_list("pk", flat=True)
    ImportRest.unscoped.bulk_create(ImportRest(source_import=record, on_id=pk, rows=rows[pk]) for pk in there)


def rows_delete(model: type[models.Model], keys: Iterable[Any]) -> int:
    """Delete rows without those that refer to them: the caller has seen to these."""
    found = model._base_manager.filter(pk__in=list(keys))
    return found._raw_delete(found.db) or 0
