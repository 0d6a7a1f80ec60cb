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
from organization.crypto import keyed, ring
from organization.imports.columns import BadCell
from organization.imports.copying import reserve_ids
from organization.imports.reading import Batch
from organization.imports.tally import Tally
from organization.models import Import
from organization.services.secrets import CONTENT, Digests

UNKNOWN, ERASED = -1, -2


class _Kind:
    """One identity column: what each distinct text is, and whose. Two texts may be one phone.

    A text is kept as a number; what is known of the identity stands at this place of the arrays. At
    place 0 is what cannot be read, or is empty.
    """

    def __init__(self, kind: IdentityKind, column: str, digests: Digests, tombstones: Tombstones) -> None:
        self.kind, self.column = kind, column
        self._digests, self._tombstones = digests, tombstones
        self._clean = clean_card if kind == IdentityKind.CARD else clean_phone
        self._keys = [key.index for key in ring()]
        self.texts: dict[str, int] = {"": 0}
        self._at: dict[bytes, int] = {}  # look-up value → place
        self.reasons: dict[str, str] = {}
        self.owners = np.zeros(1, np.int64)  # a member's id, UNKNOWN, ERASED, or 0 at place 0
        self.who = np.zeros(1, np.uint64)  # a lasting number, for the hash of the receipt's content

    def learn(self, texts: list[str]) -> NDArray[np.int64]:
        """Place of each text; those not seen before are looked up, in one query."""
        fresh = _Fresh(first=len(self.owners))
        for text in texts:
            if text not in self.texts:
                self._add(text, fresh)
        if fresh.owners:
            self._look_up(fresh)
        return np.array([self.texts[text] for text in texts] or [0], np.int64)

    def _add(self, text: str, fresh: "_Fresh") -> None:
        try:
            clean = self._clean(text)
        except BadCell as bad:
            self.texts[text], self.reasons[text] = 0, str(bad)
            return
        current, *others = (keyed(key, self.kind, clean) for key in self._keys)
        place = self._at.get(current)
        if place is None:
            place = self._at[current] = fresh.first + len(fresh.owners)
            is_erased = self._tombstones.holds(self.kind, clean)
            fresh.owners.append(ERASED if is_erased else UNKNOWN)
            fresh.who.append(int.from_bytes(self._digests.of(self.kind, clean)[:8], "big"))
            # Where it may stand under several keys, the current one wins.
            fresh.sought += [] if is_erased else [(place, value) for value in (*others[::-1], current)]
        self.texts[text] = place

    def _look_up(self, fresh: "_Fresh") -> None:
        owners = np.array(fresh.owners, np.int64)
        found = _owners(self.kind, [value for _place, value in fresh.sought])
        for number, owner in sorted(found):
            owners[fresh.sought[number - 1][0] - fresh.first] = owner
        self.owners = np.r_[self.owners, owners]
        self.who = np.r_[self.who, np.array(fresh.who, np.uint64)]

    def owner(self, text: str) -> int:
        return int(self.owners[self.texts[text]])

    def identity(self, member: Member, text: str) -> MemberIdentity:
        """The identity of a text that is nobody's, for the member it is of from now on."""
        self.owners[self.texts[text]] = member.id
        clean = self._clean(text)
        value = keyed(self._keys[0], self.kind, clean)
        return MemberIdentity(member=member, kind=self.kind, lookup=value, value=clean)


@dataclass
class _Fresh:
    """Identities of one batch that were not seen before; `first` is the place of the first."""

    first: int
    owners: list[int] = field(default_factory=list)
    who: list[int] = field(default_factory=list)
    sought: list[tuple[int, bytes]] = field(default_factory=list)  # place, look-up value


class People:
    def __init__(self) -> None:
        known = Digests(CONTENT), Tombstones()
        self._kinds = [_Kind(IdentityKind.PHONE, "phone", *known), _Kind(IdentityKind.CARD, "card", *known)]
        self.made: list[Member] = []
        self._identities: list[MemberIdentity] = []

    def resolve(self, batch: Batch, records: NDArray[np.void], tally: Tally) -> None:
        member = np.zeros(len(batch.rows), np.int64)
        who = np.zeros(len(batch.rows), np.uint64)
        erased = np.zeros(len(batch.rows), bool)
        for kind in self._kinds:
            encoded = batch.distinct(kind.column)
            if encoded is None:
                continue
            values, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
            places = kind.learn(values)[codes]
            owners = kind.owners[places]
            self._refuse(batch, records, kind, values, codes, tally)
            who = np.where(who == 0, kind.who[places], who)
            member = np.where((member > 0) | (owners == 0), member, owners)
            erased |= owners == ERASED
        member[erased] = 0  # The receipt is kept, and belongs to nobody.
        strangers = np.flatnonzero((member == UNKNOWN) & ~records["bad"])
        fresh = iter(reserve_ids(Member, len(strangers)).tolist() if len(strangers) else ())
        for index in strangers.tolist():
            member[index] = self._make(batch, index, next(fresh), records[index])
        records["member"], records["who"] = np.where(member == UNKNOWN, 0, member), who

    def forget(self) -> None:
        """All look-ups are done; what was found of each identity takes a third of a kilobyte."""
        self._kinds.clear()

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
        if kind.reasons.keys().isdisjoint(values):
            return
        wrong = np.array([text in kind.reasons for text in values])[codes]
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
                self._identities.append(kind.identity(member, text))
        return int(member.id)


def _cell(batch: Batch, column: str, index: int) -> str:
    texts = batch.column(column)
    return "" if texts is None else texts[index].as_py()


def _owners(kind: str, values: list[bytes]) -> list[tuple[int, int]]:
    """Number, from 1, of each look-up value that is a member's, and the member."""
    if not values:
        return []
    with connection.cursor() as cursor:
        # One long text: a list of a hundred thousand values takes seconds to write as SQL.
        cursor.execute(
            """SELECT sent.number, i.member_id
                 FROM unnest(string_to_array(%s, ',')) WITH ORDINALITY AS sent (hex, number)
                 JOIN members_memberidentity i ON i.kind = %s AND i.lookup = decode(sent.hex, 'hex')""",
            [",".join(value.hex() for value in values), kind],
        )
        found: list[tuple[int, int]] = cursor.fetchall()
        return found
