"""What every format becomes: a layout, then batches of text columns."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports.values import DateForm, NumberForm
from organization.jobs import JobError

LONGEST_CELL, LONGEST_ROW = 2_000, 20_000
WIDEST_ROW = 500
Form = NumberForm | DateForm
# Rows set aside are remembered until the last row is read: a file of nothing else would fill the memory.
MOST_ASIDE, MOST_LETTERS = 500_000, 64 << 20
NOT_AN_OBJECT = -1  # instead of a number of cells: a line of JSON Lines that is none


def too_many() -> JobError:
    """More would have to be set aside than anybody could mend."""
    return JobError(
        _(
            "More rows than can be set aside have a fault: it is of the file, not of its rows. "
            "Look at the first."
        )
    )


class Shape(Protocol):
    """What rows need before their columns are ours: other titles, cells worked out, rows taken apart.

    Pure: the same batch always becomes the same. `keeps_rows` says that each row sent becomes exactly
    one row; rows set aside are then shown, and sent again, as the file had them.
    """

    keeps_rows: bool

    def titles(self, header: list[str]) -> list[str]:
        """Titles of the columns that come out, for the titles of a file; a `JobError` where it cannot."""
        ...

    def columns(
        self, rows: NDArray[np.int64], columns: list[pa.Array]
    ) -> tuple[NDArray[np.int64], list[pa.Array]]:
        """Row numbers and text columns under those titles.

        One more column may follow them: why a row cannot be taken apart, "" for all others. Where the
        rows sent are not kept, those that come out are numbered anew.
        """
        ...


@runtime_checkable
class Explained(Protocol):
    """A shape that can say which columns of the file its own come from."""

    def origin(self, name: str) -> str: ...

    def unused(self, header: list[str]) -> list[str]: ...


@dataclass(frozen=True)
class Habits:
    """How a system sends a receipt again, and whether its receipt numbers come back."""

    resend: str = "replace"  # or merge_lines: what is sent again adds and corrects lines
    numbering: str = "never"  # or yearly, daily: how often numbers start again


USUAL = Habits()


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
    header_row: int = 1  # 0 where every row holds its own names; the row above the first where none does
    headerless: bool = False  # the first row holds values, and columns have numbers for names
    size: int = 0  # bytes of text, unpacked
    forms: dict[str, Form] = field(default_factory=dict)  # of the columns that hold numbers and dates
    envelope: dict[str, str] = field(default_factory=dict)  # what a JSON document says of all its records
    habits: Habits = USUAL
    # Where a shape makes the columns: how the file itself is to be read.
    shape: Shape | None = None
    sent: "Layout | None" = None

    @property
    def raw_header(self) -> list[str]:
        """Titles of the cells that `Batch.raw` gives."""
        return self.sent.header if self.sent and self.shape and self.shape.keeps_rows else self.header

    @property
    def skipped(self) -> int:
        """Rows of names above the values."""
        return int(not self.headerless and self.header_row > 0)

    @property
    def sent_width(self) -> int:
        """Cells of a row as the file has it."""
        return len((self.sent or self).header)

    def described(self) -> dict[str, object]:
        columns = [{"name": name, "title": self._origin(name)} for name in self.positions]
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
            **({"headerless": True} if (self.sent or self).headerless else {}),
            "header": self.raw_header,
            "columns": columns,
            "unused": self.unused,
            "forms": {name: form.described() for name, form in self.forms.items()},
        }

    def _origin(self, name: str) -> str:
        if isinstance(self.shape, Explained):
            return self.shape.origin(name)
        return self.header[self.positions[name]]


@dataclass
class Batch:
    """Rows in file order. `rows` are record numbers as the file's own program shows them."""

    rows: NDArray[np.int64]
    columns: list[pa.Array]
    layout: Layout
    sent: list[pa.Array] | None = None  # the columns of the file, where a shape kept its rows
    _stripped: dict[str, pa.Array] = field(default_factory=dict)
    _distinct: dict[str, pa.DictionaryArray | None] = field(default_factory=dict)

    def column(self, name: str) -> pa.Array | None:
        """Stripped text of a declared column, numbers and dates made plain; None where there is none."""
        at = self.layout.positions.get(name)
        if at is None:
            return None
        if name not in self._stripped:
            stripped, form = pc.utf8_trim_whitespace(self.columns[at]), self.layout.forms.get(name)
            self._stripped[name] = _made_plain(stripped, form) if form else stripped
        return self._stripped[name]

    def distinct(self, name: str) -> pa.DictionaryArray | None:
        """The same column as distinct texts and which of them each row has."""
        if name not in self._distinct:
            texts = self.column(name)
            self._distinct[name] = None if texts is None else texts.dictionary_encode()
        return self._distinct[name]

    def cell(self, name: str, index: int) -> str:
        """The text of one cell before it was made plain; "" where there is no such column."""
        at = self.layout.positions.get(name)
        return "" if at is None else str(self.columns[at][index].as_py()).strip()

    def raw(self, index: int) -> list[str]:
        """The cells of a row as sent."""
        return self.raw_of(np.array([index]))[0]

    def raw_of(self, indices: NDArray[np.int64]) -> list[list[str]]:
        """The cells of some rows as sent."""
        places = pa.array(indices)
        chosen = [column.take(places).to_pylist() for column in self.sent or self.columns]
        return [[(cell or "")[:LONGEST_CELL] for cell in cells] for cells in zip(*chosen, strict=True)]


def _made_plain(texts: pa.Array, form: Form) -> pa.Array:
    """Each distinct text that the cleaner would not take as it is, once."""
    odd = pc.and_(pc.invert(pc.match_substring_regex(texts, form.native)), pc.not_equal(texts, ""))
    if not pc.any(odd).as_py():
        return texts
    encoded = texts.filter(odd).dictionary_encode()
    plain = pa.array([_text(text, form) for text in encoded.dictionary.to_pylist()], pa.string())
    return pc.replace_with_mask(texts, odd, plain.take(encoded.indices))


def _text(text: str, form: Form) -> str:
    """What is none of its column's form is quoted, lest the cleaner take it for something else."""
    return form.canonical(text) or f"“{text}”"


@dataclass
class WrongWidth:
    """Rows that do not fit the header, as the parser reports them, or that a shape cannot take apart."""

    found: list[tuple[int, int, str]] = field(default_factory=list)  # row, cells, text
    unfit: list[tuple[int, str, list[str]]] = field(default_factory=list)  # row, why, cells

    letters: int = 0
    _taken: int = 0
    _unfit_taken: int = 0

    def take(self) -> "WrongWidth":
        """Those since the last time. What they hold is kept no longer: it may be all of a huge file."""
        fresh = WrongWidth(self.found[self._taken :], self.unfit[self._unfit_taken :])
        # But for the last text: by it the parser tells a torn end.
        for at, (row, cells, _text) in enumerate(self.found[self._held : -1], self._held):
            self.found[at] = (row, cells, "")
        for at, (row, why, _cells) in enumerate(fresh.unfit, self._unfit_taken):
            self.unfit[at] = (row, why, [])
        self._taken, self._unfit_taken = self._taken + len(fresh.found), self._unfit_taken + len(fresh.unfit)
        self.letters = 0
        return fresh

    @property
    def _held(self) -> int:
        return max(0, self._taken - 1)

    @property
    def is_full(self) -> bool:
        """Whoever reads the file has to stop: a parser that reports a row cannot be stopped by it."""
        return self.letters > MOST_LETTERS or len(self.found) + len(self.unfit) > MOST_ASIDE

    def add(self, row: int, cells: int, text: str) -> None:
        text = text[:LONGEST_ROW]
        if not self.is_full:
            self.letters += len(text)
            self.found.append((row, cells, text))

    def add_unfit(self, row: int, why: str, cells: list[str]) -> None:
        if not self.is_full:
            self.letters += sum(map(len, cells))
            self.unfit.append((row, why, cells))
