"""What every format becomes: a layout, then batches of text columns."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

LONGEST_CELL, LONGEST_ROW = 2_000, 20_000
WIDEST_ROW = 500
NOT_AN_OBJECT = -1  # instead of a number of cells: a line of JSON Lines that is none


@dataclass(frozen=True)
class Layout:
    """How a file is to be read; shown to the admin and kept with the import."""

    encoding: str
    header: list[str]
    positions: dict[str, int]
    unused: list[str]
    format: str = "csv"
    wrapper: str = ""
    member: str = ""
    sheet: str = ""
    delimiter: str = ","
    quote: str = '"'
    header_row: int = 1  # 0 where every row holds its own names
    size: int = 0  # bytes of text, unpacked

    def described(self) -> dict[str, object]:
        columns = [{"name": name, "title": self.header[at]} for name, at in self.positions.items()]
        said = {
            "encoding": self.encoding,
            "format": self.format,
            "wrapper": self.wrapper,
            "member": self.member,
            "sheet": self.sheet,
            "delimiter": self.delimiter if self.format == "csv" else "",
            "quote": self.quote if self.format == "csv" else "",
        }
        return {
            **{name: value for name, value in said.items() if value},
            "header": self.header,
            "columns": columns,
            "unused": self.unused,
        }


@dataclass
class Batch:
    """Rows in file order. `rows` are record numbers as the file's own program shows them."""

    rows: NDArray[np.int64]
    columns: list[pa.Array]
    layout: Layout
    _stripped: dict[str, pa.Array] = field(default_factory=dict)

    def column(self, name: str) -> pa.Array | None:
        """Stripped text of a declared column; None where the file has none."""
        at = self.layout.positions.get(name)
        if at is None:
            return None
        if name not in self._stripped:
            self._stripped[name] = pc.utf8_trim_whitespace(self.columns[at])
        return self._stripped[name]

    def raw(self, index: int) -> list[str]:
        return [column[index].as_py()[:LONGEST_CELL] for column in self.columns]


@dataclass
class WrongWidth:
    """Rows that do not fit the header, as the parser reports them."""

    found: list[tuple[int, int, str]] = field(default_factory=list)  # row, cells, text

    def add(self, row: int, cells: int, text: str) -> None:
        self.found.append((row, cells, text[:LONGEST_ROW]))
