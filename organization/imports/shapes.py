"""Small shapes that any kind of file may need."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from organization.imports.columns import Column, match_header
from organization.imports.tables import Shape

LONGEST = 200


def each_text(texts: pa.Array, make: Callable[[str], str]) -> pa.Array:
    """Every distinct text made once; one too long to be what is made of it stays as it is."""
    encoded = texts.dictionary_encode()
    made = [make(text) if len(text) <= LONGEST else text for text in encoded.dictionary.to_pylist()]
    return pa.array(made, pa.string()).take(encoded.indices)


class AsSent:
    """Columns that bear our names already."""

    keeps_rows = True

    def titles(self, header: list[str]) -> list[str]:
        """Those of the file."""
        return header

    def columns(
        self, rows: NDArray[np.int64], columns: list[pa.Array]
    ) -> tuple[NDArray[np.int64], list[pa.Array]]:
        """Those of the file."""
        return rows, columns


class OfStore:
    """Another shape whose rows are of one store, where they do not say of which themselves."""

    def __init__(self, column: Column, store: str, inner: Shape) -> None:
        self._column, self._store, self._inner = column, store, inner
        self.keeps_rows = inner.keeps_rows

    def titles(self, header: list[str]) -> list[str]:
        """Those of the other shape, and the store where it is not among them."""
        made = self._inner.titles(header)
        positions, _unused = match_header(made, (self._column,))
        self._at, self._width = positions.get(self._column.name), len(made)
        return made if positions else [*made, self._column.name]

    def columns(
        self, rows: NDArray[np.int64], columns: list[pa.Array]
    ) -> tuple[NDArray[np.int64], list[pa.Array]]:
        """Those of the other shape; blank rows stay blank."""
        rows, columns = self._inner.columns(rows, columns)
        made, reasons = columns[: self._width], columns[self._width :]
        said = np.zeros(len(rows), bool)
        for column in made:
            said |= pc.not_equal(pc.utf8_trim_whitespace(column), "").to_numpy(zero_copy_only=False)
        store = pc.if_else(pa.array(said), self._store, "")
        if self._at is None:
            return rows, [*made, store, *reasons]
        there = made[self._at]
        made[self._at] = pc.if_else(pc.equal(pc.utf8_trim_whitespace(there), ""), store, there)
        return rows, [*made, *reasons]
