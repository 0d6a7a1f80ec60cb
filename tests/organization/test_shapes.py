"""A shape stands between a file and our columns: other titles, cells worked out, rows taken apart."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from django.utils.translation import gettext_lazy
from numpy.typing import NDArray

from organization.imports.columns import Column
from organization.imports.reading import PlainFile, WrongWidth, detect_layout, read_batches

COLUMNS = (
    Column("number", gettext_lazy("Code"), (), True),
    Column("amount", gettext_lazy("Amount"), (), True, holds="number"),
)


class Named:
    """The second column is the number, the first the amount."""

    keeps_rows = True

    def titles(self, header: list[str]) -> list[str]:
        return ["amount", "number"]

    def columns(
        self, rows: NDArray[np.int64], columns: list[pa.Array]
    ) -> tuple[NDArray[np.int64], list[pa.Array]]:
        return rows, [columns[0], columns[1]]


class TakenApart:
    """The second cell of a row holds several numbers."""

    keeps_rows = False

    def titles(self, header: list[str]) -> list[str]:
        return ["number", "amount"]

    def columns(
        self, rows: NDArray[np.int64], columns: list[pa.Array]
    ) -> tuple[NDArray[np.int64], list[pa.Array]]:
        cells = [(part, amount) for amount, many in zip(*map(pa.Array.to_pylist, columns), strict=True)
                 for part in many.split("+")]  # fmt: skip
        parts, amounts = zip(*cells, strict=True)
        return np.arange(1, len(cells) + 1), [pa.array(parts), pa.array(amounts)]


@pytest.mark.parametrize(
    ("shape", "numbers", "raw"),
    [(Named(), ["A+B", "C"], ["1.234,50", "A+B"]), (TakenApart(), ["A", "B", "C"], ["A", "1.234,50"])],
)
def test_it_reads_what_a_shape_makes_of_the_rows(
    shape: Named | TakenApart, numbers: list[str], raw: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text('x,y\n"1.234,50",A+B\n"2,00",C\n')
    layout = detect_layout(PlainFile(path), COLUMNS, shape)
    (batch,) = [batch for batch in read_batches(PlainFile(path), layout, WrongWidth()) if len(batch.rows)]
    number, amount = batch.column("number"), batch.column("amount")
    assert number is not None and number.to_pylist() == numbers
    assert amount is not None and amount.to_pylist()[0] == "1234.50"
    assert batch.raw(0) == raw
    assert layout.described()["header"] == layout.raw_header
