"""CSV files people download."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

_NUMBER = re.compile(r"-[\d.,]+", re.ASCII)
# What a spreadsheet would run, with the apostrophes before it: they are how such a cell is made text.
# The last four signs are full-width: East Asian spreadsheets read them as = + - @.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


class _Echo:
    def write(self, value: str) -> str:
        return value


def safe(value: Any) -> Any:
    """A cell a spreadsheet would run as a formula is made plain text; a number below zero stays one."""
    is_formula = isinstance(value, str) and _FORMULA.match(value)
    return f"'{value}" if is_formula and not _NUMBER.fullmatch(value) else value


def as_it_was(cell: str) -> str:
    """The cell that `safe` was given, from what it wrote."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def csv_response(*, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Stream rows as UTF-8 with a byte-order mark, which spreadsheets need for Chinese."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff" + writer.writerow([safe(str(cell)) for cell in header])
        for row in rows:
            yield writer.writerow([safe(cell) for cell in row])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
