"""Identities of erased people, kept as digests so that no file brings them back.

The key of the digests is random and lasts: their plain values are gone, so they could not be made anew
when FIELD_KEY is changed.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress

from members.imports.identities import clean_card, clean_phone, clean_wechat
from members.models import IdentityKind, Tombstone
from organization.imports.columns import BadCell
from organization.services.secrets import Digests

KEY = "tombstones"
# A row that could not be taken apart is one long cell.
LONGEST_IDENTITY, _WORD = 64, re.compile(r"[\w+-]{4,64}", re.ASCII)
CLEANERS = {IdentityKind.CARD: clean_card, IdentityKind.PHONE: clean_phone, IdentityKind.WECHAT: clean_wechat}


class Tombstones:
    """All of them in memory; they are few. Asks nothing more where there are none."""

    def __init__(self) -> None:
        stored = Tombstone.unscoped.values_list("digest", flat=True)
        self._digests = {bytes(digest) for digest in stored}
        self._key = Digests(KEY) if self._digests else None

    def holds(self, kind: str, clean: str) -> bool:
        return self._key is not None and self._key.of(kind, clean) in self._digests

    def hold(self, values: Mapping[str, str]) -> bool:
        """Whether any identity of a clean row is one of an erased person."""
        return any(kind in values and self.holds(kind, values[kind]) for kind in CLEANERS)

    def stand_in(self, cells: Iterable[str]) -> bool:
        """Whether any cell of a row as it was sent is such an identity, whatever its column."""
        return bool(self._digests) and any(
            self.holds(kind, clean) for cell in cells for kind, clean in readings(cell)
        )


def readings(cell: str) -> Iterable[tuple[str, str]]:
    """Everything a cell may be: a card number, a phone, a WeChat id; of a long one, its words."""
    words = [cell.strip()] if len(cell) <= LONGEST_IDENTITY else _WORD.findall(cell)
    for word in words:
        for kind, clean in CLEANERS.items():
            with suppress(BadCell):
                yield kind, clean(word)
