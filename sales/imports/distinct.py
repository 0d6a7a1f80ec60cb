"""Each distinct text is cleaned once, however many rows hold it."""

import hashlib
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from organization.imports import columns as cells
from organization.imports.columns import BadCell
from organization.imports.tables import LONGEST_CELL

BAD = np.iinfo(np.int64).min  # a value no column can hold


class Distinct:
    """Texts to integers through a cleaner; what cannot be read becomes BAD with a sentence."""

    def __init__(self, clean: Callable[[str], int], *, empty: int = BAD) -> None:
        self._clean = clean
        self._codes: dict[str, int] = {"": empty}
        self._reasons: dict[str, str] = {}

    def integers(self, texts: pa.Array) -> NDArray[np.int64]:
        encoded = texts if isinstance(texts, pa.DictionaryArray) else texts.dictionary_encode()
        distinct = encoded.dictionary.to_pylist()
        known = list(map(self._codes.get, distinct))
        if None in known:
            known = [
                self._code(text) if code is None else code for text, code in zip(distinct, known, strict=True)
            ]
        codes = np.array(known, dtype=np.int64)
        return codes[encoded.indices.to_numpy()] if len(codes) else np.zeros(0, np.int64)

    def reason(self, text: str) -> str:
        return self._reasons.get(text[: LONGEST_CELL + 1], "")

    def _code(self, text: str) -> int:
        try:
            code = self._clean(text)
        except BadCell as bad:
            code, self._reasons[text[: LONGEST_CELL + 1]] = BAD, str(bad)
        if len(text) <= LONGEST_CELL:  # A file can hold more long ones than memory does.
            self._codes[text] = code
        return code


class Texts:
    """Short texts kept as numbers while rows are sorted, with a stable hash of each."""

    def __init__(self, *, limit: int) -> None:
        self._limited = cells.text(limit)
        self.values: list[str] = [""]

    def clean(self, text: str) -> int:
        self.values.append(self._limited(text))
        return len(self.values) - 1

    def hashes(self) -> NDArray[np.uint64]:
        return np.array([stable_hash(value) for value in self.values], dtype=np.uint64)


def stable_hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
