"""Rows set aside come again: out of the file that was handed out, and with all that belongs to them."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _

from organization.export import as_it_was
from organization.imports.choosing import layout_of
from organization.imports.columns import Column
from organization.imports.reading import Batch, Source, WrongWidth, look_at, read_batches
from organization.jobs import JobError
from organization.models import Import, QuarantinedRow, Store
from organization.sealing import SealedFile, SealedWriter
from organization.uploads import KEPT, new_path

ADDED = 3  # row, column and reason stand before the file's own columns
Cells = list[str]


@dataclass
class Corrected:
    """Rows that come again, and which rows of the first file each of them was, where that is known."""

    rows: list[Cells] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)


def read_corrected(file: Source, record: Import) -> Corrected:
    """The rows of a corrected file, without what was added to them; `JobError` if it is another file."""
    sent = look_at(file)
    own = [title.strip() for title in record.reading["header"]]
    _check_titles([as_it_was(title).strip() for title in sent.layout.header], own)
    there = set(QuarantinedRow.unscoped.filter(source_import=record).values_list("row", flat=True))
    found, wrong = Corrected(), WrongWidth()
    for batch in read_batches(file, sent.layout, wrong):
        for at in range(len(batch.rows)):
            _take(found, batch.raw(at), len(own), there)
    for _row, _cells, text in wrong.found:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=sent.layout.delimiter,
                            quotechar=sent.layout.quote)  # fmt: skip
        _take(found, next(reader, []), len(own), there)
    if not found.rows:
        raise JobError(_("The file has column names but no rows."))
    return found


def _check_titles(header: list[str], own: list[str]) -> None:
    """The number of the row must be there: it says which row was mended."""
    while header and not header[-1]:
        header = header[:-1]
    while own and not own[-1]:
        own = own[:-1]
    if header[ADDED:] != own or len(header) != len(own) + ADDED:
        raise JobError(
            _("These are not the columns of the rows set aside. Download them, mend them and send that file.")
        )


def _take(found: Corrected, cells: Cells, width: int, there: set[int]) -> None:
    own = [as_it_was(cell) for cell in cells[ADDED:]]
    while len(own) > width and not own[-1].strip():
        own.pop()  # A spreadsheet fills every row up to the longest.
    if not any(cell.strip() for cell in own):
        return
    found.rows.append(own)
    number = cells[0].strip()
    if number.isascii() and number.isdigit() and int(number) in there:
        found.numbers.append(int(number))


def rows_as_sent(record: Import, numbers: Iterable[int] | None = None) -> dict[int, Cells]:
    """Cells of the rows still set aside, by number; all, or those asked for."""
    rows = QuarantinedRow.unscoped.filter(source_import=record, taken_by=None).order_by("row")
    if numbers is not None:
        rows = rows.filter(row__in=list(numbers))
    found = ((row.row, json.loads(row.raw or "[]")) for row in rows.iterator(chunk_size=2_000))
    return {number: cells for number, cells in found if cells}


def write_rows(header: Cells, rows: Iterable[Cells]) -> Path:
    """A sealed file of rows below their titles."""
    with SealedWriter(new_path(KEPT)) as target:
        target.write(_lines([header, *rows]))
    return target.path


def _lines(rows: Iterable[Cells]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def companions_fetch(record: Import, columns: tuple[Column, ...], whole_by: tuple[str, ...]) -> None:
    """Put the other rows of the same receipts into a file of corrections, once.

    A receipt that comes again replaces the earlier one: without its other rows it would lose them.
    """
    if not record.corrects_id or record.fetched is not None:
        return
    rows: list[Cells] = []
    if whole_by:
        keys = set().union(*(_keys(batch, whole_by) for batch in _batches(record, columns))) - {None}
        rows = _companions(record, columns, whole_by, keys)
    old = Path(record.path)
    record.path, record.fetched = str(_with_rows(old, rows)) if rows else record.path, len(rows)
    record.save(update_fields=["path", "fetched", "corrected_rows"])
    if rows:
        old.unlink(missing_ok=True)


def _batches(record: Import, columns: tuple[Column, ...]) -> Iterator[Batch]:
    file = SealedFile(Path(record.path))
    if file.path.exists():
        yield from read_batches(file, layout_of(record, file, columns), WrongWidth())


def _keys(batch: Batch, whole_by: tuple[str, ...]) -> list[str | None]:
    """What the rows belong to; None where a part of it is empty."""
    parts = [batch.column(name) for name in whole_by]
    if any(part is None for part in parts):
        return []
    parts = [_by_code(part) if name == "store" else part for name, part in zip(whole_by, parts, strict=True)]
    filled = reduce(pc.and_, [pc.not_equal(part, "") for part in parts])
    joined = pc.binary_join_element_wise(*parts, "\x1f")
    found: list[str | None] = pc.if_else(filled, joined, pa.scalar(None, pa.string())).to_pylist()
    return found


def _by_code(texts: pa.Array) -> pa.Array:
    """A store that one row names by its licence and another by its code is the same store."""
    encoded = texts.dictionary_encode()
    found = Store.unscoped.filter(licence_number__in=encoded.dictionary.to_pylist())
    codes = dict(found.values_list("licence_number", "code"))
    return pa.array([codes.get(text, text) for text in encoded.dictionary.to_pylist()], pa.string()).take(
        encoded.indices
    )


def _companions(
    record: Import, columns: tuple[Column, ...], whole_by: tuple[str, ...], keys: set[str | None]
) -> list[Cells]:
    """The latest version of every row that belongs to the same, from the first file and its corrections."""
    family = _family(record)
    later = {(pk, row) for each in (*family, record) for pk, row in each.corrected_rows}
    rows: list[Cells] = []
    for each in family:
        for batch in _batches(each, columns):
            for at, key in enumerate(_keys(batch, whole_by)):
                place = (each.pk, int(batch.rows[at]))
                if key in keys and place not in later:
                    rows.append(batch.raw(at))
                    record.corrected_rows.append(list(place))
    return rows


def _family(record: Import) -> list[Import]:
    """The file that came first and every correction of it that is in, but this one."""
    first = record
    while first.corrects:
        first = first.corrects
    found, level = [first], [first]
    while level:
        there = Import.unscoped.filter(finished_at__isnull=False, undone_at=None)
        level = list(there.filter(corrects__in=level).order_by("pk"))
        found += level
    return [each for each in found if each.pk != record.pk]


def _with_rows(path: Path, rows: list[Cells]) -> Path:
    with SealedFile(path).open() as old, SealedWriter(new_path(KEPT)) as target:
        while block := old.read(1 << 20):
            target.write(block)
        target.write(_lines(rows))
    return target.path
