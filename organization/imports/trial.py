"""What a mapping makes of the first rows, before anything is read for good."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from organization.imports import columns as cells
from organization.imports.columns import BadCell, Column
from organization.imports.looks import LOOKS
from organization.imports.mapping import ColumnMapping, Ref, titled
from organization.imports.masking import problem_shown
from organization.imports.recognition import recognise
from organization.imports.tables import Batch, Layout
from organization.jobs import JobError

ROWS_SHOWN = 10
_CLEANERS: Mapping[str, Callable[[str], object]] = {
    "number": cells.number,
    "day": cells.day,
    "moment": cells.moment,
    "time": cells.seconds,
}


@dataclass
class Trial:
    """Rows as they would be read, personal values masked, and what is wrong with them."""

    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def try_mapping(
    mapping: ColumnMapping, kind: str, columns: tuple[Column, ...], header: list[str], rows: list[list[str]]
) -> Trial:
    """Apply a mapping to rows as sent; nothing is asked of the database but what is known there."""
    used = [column for column in columns if column.name in mapping.rules]
    trial = Trial([str(column.label) for column in used], problems=_used_twice(mapping, used))
    batch = _batch(mapping, header, [row for row in rows if len(row) == len(header)])
    made: dict[str, list[str]] = {}
    for column in used:
        try:
            made[column.name] = _plain(batch, column)
        except JobError as unclear:
            trial.problems.append(str(unclear))
            made[column.name] = _as_made(batch, column.name)
        trial.problems += _problems(column, made[column.name])
    shown = zip(*(made[column.name][:ROWS_SHOWN] for column in used), strict=True)
    names = [column.name for column in used]
    trial.rows = [[problem_shown(kind, *cell) for cell in zip(names, row, strict=True)] for row in shown]
    return trial


def _used_twice(mapping: ColumnMapping, used: list[Column]) -> list[str]:
    """Columns of the file that several of ours are made of; not wrong, but seldom meant."""
    users: dict[Ref, list[str]] = {}
    for column in used:
        for ref in mapping.rules[column.name].refs:
            users.setdefault(ref, []).append(str(column.label))
    return [
        _("%(column)s is used more than once: %(ours)s.")
        % {"column": titled(ref), "ours": _(", ").join(labels)}
        for ref, labels in users.items()
        if len(labels) > 1
    ]


def _batch(mapping: ColumnMapping, header: list[str], rows: list[list[str]]) -> Batch:
    sent = [pa.array([row[at] for row in rows], pa.string()) for at in range(len(header))]
    titles = mapping.titles(header)
    numbers, columns = mapping.columns(np.arange(1, len(rows) + 1), sent)
    origins = [mapping.origin(title) for title in titles]
    return Batch(numbers, columns, Layout("", origins, {title: at for at, title in enumerate(titles)}, []))


def _as_made(batch: Batch, name: str) -> list[str]:
    texts: list[str] = batch.columns[batch.layout.positions[name]].to_pylist()
    return [text.strip() for text in texts]


def _plain(batch: Batch, column: Column) -> list[str]:
    """Cells as the column's cleaner would get them."""
    if not column.holds:
        return _as_made(batch, column.name)
    texts = {column.name: [text for text in dict.fromkeys(_as_made(batch, column.name)) if text]}
    forms = recognise([column], texts, batch.layout)
    plain = Batch(
        batch.rows, batch.columns, Layout("", batch.layout.header, batch.layout.positions, [], forms=forms)
    )
    found = plain.column(column.name)
    return [] if found is None else found.to_pylist()


def _problems(column: Column, texts: list[str]) -> list[str]:
    label, filled = str(column.label), [text for text in texts if text]
    said = []
    if column.required and len(filled) < len(texts):
        said.append(
            ngettext(
                "%(column)s: empty in %(n)s row.",
                "%(column)s: empty in %(n)s rows.",
                len(texts) - len(filled),
            )
            % {"column": label, "n": len(texts) - len(filled)}
        )
    clean = _CLEANERS.get(column.holds, str)
    reasons = [reason for text in filled if (reason := _reason(clean, text))]
    if reasons:
        counted = {"column": label, "n": len(reasons), "of": len(texts), "reason": reasons[0]}
        said.append(_("%(column)s, %(n)s of %(of)s: %(reason)s") % counted)
    return said + _unknown(column, label, filled)


def _reason(clean: Callable[[str], object], text: str) -> str:
    try:
        clean(text)
    except BadCell as bad:
        return str(bad)
    return ""


def _unknown(column: Column, label: str, filled: list[str]) -> list[str]:
    """Of stores: values nobody knows here."""
    known = next((look for look in LOOKS if column.name in look.columns and look.names_things), None)
    values = list(dict.fromkeys(filled))
    if known is None or not values:
        return []
    missing = round(len(values) * (1 - known.test(values)))
    if not missing:
        return []
    return [_("%(column)s: %(n)s of %(of)s values are not known here.")
            % {"column": label, "n": missing, "of": len(values)}]  # fmt: skip
