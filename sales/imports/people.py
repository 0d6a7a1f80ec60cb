"""Who bought: card and phone of a receipt to a member; an unknown one becomes a member.

A member made here is a card or phone number and nothing else: not verified, no consent, and so in
no audience. Where both card and phone are sent, the phone wins. A receipt with an identity of an
erased person is nobody's.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from members.imports.identities import clean_card, clean_phone
from members.imports.undo import note_made
from members.models import IdentityKind, Member, MemberIdentity
from members.tombstones import Tombstones
from organization.crypto import lookups
from organization.imports.columns import BadCell
from organization.imports.copying import reserve_ids
from organization.imports.reading import Batch
from organization.imports.tally import Tally
from organization.models import Import
from organization.services.secrets import CONTENT, Digests

UNKNOWN, ERASED = -1, -2


@dataclass
class _Kind:
    """One identity column: what each distinct text is, and whose. Two texts may be one phone."""

    kind: IdentityKind
    column: str
    digests: Digests
    tombstones: Tombstones
    sent: dict[str, tuple[bytes, str]] = field(default_factory=dict)  # text → place in the index, clean value
    numbers: dict[str, int] = field(default_factory=dict)  # text → a number for the hash of the receipt
    owners: dict[bytes, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def learn(self, texts: list[str]) -> None:
        """Look up texts not seen before, in one query."""
        fresh: dict[bytes, list[bytes]] = {}  # the current place of an identity → every place it may have
        for text in texts:
            if text and text not in self.sent and text not in self.reasons:
                try:
                    clean = clean_card(text) if self.kind == IdentityKind.CARD else clean_phone(text)
                except BadCell as bad:
                    self.reasons[text] = str(bad)
                else:
                    places = lookups(self.kind, clean)
                    self._take(text, places[0], clean)
                    if places[0] not in self.owners:
                        fresh[places[0]] = places
        found = dict(_owners(self.kind, [place for places in fresh.values() for place in places]))
        for current, places in fresh.items():
            self.owners[current] = next((found[place] for place in places if place in found), UNKNOWN)

    def _take(self, text: str, place: bytes, clean: str) -> None:
        self.sent[text] = place, clean
        self.numbers[text] = int.from_bytes(self.digests.of(self.kind, clean)[:8], "big")
        if self.tombstones.holds(self.kind, clean):
            self.owners[place] = ERASED

    def owner(self, text: str) -> int:
        """A member's id, UNKNOWN, ERASED, or 0 where nothing that can be read was sent."""
        return self.owners[self.sent[text][0]] if text in self.sent else 0

    def who(self, text: str) -> int:
        """A lasting number for the identity, for the hash of the receipt's content."""
        return self.numbers.get(text, 0)


class People:
    def __init__(self) -> None:
        known = Digests(CONTENT), Tombstones()
        self._kinds = [_Kind(IdentityKind.PHONE, "phone", *known), _Kind(IdentityKind.CARD, "card", *known)]
        self.made: list[Member] = []
        self._identities: list[MemberIdentity] = []

    def resolve(self, batch: Batch, records: NDArray[np.void], tally: Tally) -> None:
        member = np.zeros(len(batch.rows), np.int64)
        erased = np.zeros(len(batch.rows), bool)
        for kind in self._kinds:
            texts = batch.column(kind.column)
            if texts is None:
                continue
            encoded = texts.dictionary_encode()
            values = encoded.dictionary.to_pylist()
            kind.learn(values)
            codes = encoded.indices.to_numpy()
            owners = np.array([kind.owner(text) for text in values] or [0], np.int64)[codes]
            who = np.array([kind.who(text) for text in values] or [0], np.uint64)[codes]
            self._refuse(batch, records, kind, values, codes, tally)
            records["who"] = np.where(records["who"] == 0, who, records["who"])
            member = np.where((member > 0) | (owners == 0), member, owners)
            erased |= owners == ERASED
        member[erased] = 0  # The receipt is kept, and belongs to nobody.
        strangers = np.flatnonzero((member == UNKNOWN) & ~records["bad"])
        fresh = iter(reserve_ids(Member, len(strangers)).tolist())
        for index in strangers.tolist():
            member[index] = self._make(batch, index, next(fresh), records[index])
        records["member"] = np.where(member == UNKNOWN, 0, member)

    def save_new(self, used: set[int], record: Import) -> int:
        """Create the members that are on a stored receipt; a refused receipt makes nobody."""
        made = [member for member in self.made if member.id in used]
        Member.unscoped.bulk_create(made, batch_size=5_000)
        note_made(record, [member.id for member in made])
        identities = [identity for identity in self._identities if identity.member_id in used]
        MemberIdentity.unscoped.bulk_create(identities, batch_size=5_000)
        return len(made)

    def _refuse(
        self,
        batch: Batch,
        records: NDArray[np.void],
        kind: _Kind,
        values: list[str],
        codes: NDArray[np.int32],
        tally: Tally,
    ) -> None:
        wrong = np.array([text in kind.reasons for text in values] or [False])[codes]
        for index in np.flatnonzero(wrong).tolist():
            text = values[codes[index]]
            tally.refuse(int(batch.rows[index]), kind.column, text, kind.reasons[text])
        records["bad"] |= wrong

    def _make(self, batch: Batch, index: int, member_id: int, record: np.void) -> int:
        """The new member of one row, with each identity of the row that nobody has."""
        sent = [(kind, _cell(batch, kind.column, index)) for kind in self._kinds]
        for kind, text in sent:
            if kind.owner(text) > 0:
                return kind.owner(text)
        store, day = int(record["store"]), date(1970, 1, 1) + timedelta(days=int(record["day"]))
        member = Member(id=member_id, enrolment_store_id=store, home_store_id=store, enrolled_on=day)
        self.made.append(member)
        for kind, text in sent:
            if kind.owner(text) == UNKNOWN:
                digest, clean = kind.sent[text]
                kind.owners[digest] = member.id
                self._identities.append(
                    MemberIdentity(member=member, kind=kind.kind, lookup=digest, value=clean)
                )
        return int(member.id)


def _cell(batch: Batch, column: str, index: int) -> str:
    texts = batch.column(column)
    return "" if texts is None else texts[index].as_py()


def _owners(kind: str, digests: list[bytes]) -> list[tuple[bytes, int]]:
    if not digests:
        return []
    with connection.cursor() as cursor:
        # One long text: a list of a hundred thousand values takes seconds to write as SQL.
        cursor.execute(
            """SELECT i.lookup, i.member_id FROM unnest(string_to_array(%s, ',')) AS sent (hex)
                 JOIN members_memberidentity i ON i.kind = %s AND i.lookup = decode(sent.hex, 'hex')""",
            [",".join(digest.hex() for digest in digests), kind],
        )
        return [(bytes(digest), owner) for digest, owner in cursor.fetchall()]
