"""Files of things that come by the thousand, not by the million: one Python dictionary per row."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from organization.imports.columns import TOTALS, BadCell
from organization.imports.reading import Batch, Layout, Source, WrongWidth, read_batches
from organization.imports.tally import Tally

Cleaners = Mapping[str, Callable[[str], Any]]


def clean_rows(
    file: Source,
    layout: Layout,
    cleaners: Cleaners,
    required: set[str],
    tally: Tally,
    *,
    refused: Callable[[dict[str, str]], None] = lambda cells: None,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Good rows with their record numbers; an empty cell is absent from its dictionary.

    Counts every row read, ignores blank ones and totals, and refuses a row at its first bad cell; `refused`
    sees the cells of such a row.
    """
    wrong = WrongWidth()
    for batch in read_batches(file, layout, wrong):
        for index, cells in enumerate(_cells(batch)):
            tally.read += 1
            if not cells or _is_total(cells, required):
                tally.ignored += 1
                continue
            values = _clean(batch, index, cells, cleaners, required, tally)
            if values is None:
                refused(cells)
            else:
                yield int(batch.rows[index]), values
        wrong.take()
    tally.take_wrong_widths(wrong, layout.sent_width)


def _cells(batch: Batch) -> Iterator[dict[str, str]]:
    names = list(batch.layout.positions)
    columns = [batch.column(name).to_pylist() for name in names]  # type: ignore[union-attr]
    for index in range(len(batch.rows)):
        yield {name: column[index] for name, column in zip(names, columns, strict=True) if column[index]}


def _is_total(cells: dict[str, str], required: set[str]) -> bool:
    said = [cells[name].lower() for name in required if name in cells]
    return len(said) < len(required) and any(cell in TOTALS for cell in said)


def _clean(
    batch: Batch, index: int, cells: dict[str, str], cleaners: Cleaners, required: set[str], tally: Tally
) -> dict[str, Any] | None:
    row = int(batch.rows[index])
    for name in sorted(required - cells.keys()):
        tally.refuse(row, name, "", _("This cell is empty."))
        return None
    values = {}
    for name, cell in cells.items():
        try:
            values[name] = cleaners[name](cell)
        except BadCell as bad:
            tally.refuse(row, name, batch.cell(name, index), str(bad))
            return None
    return values
