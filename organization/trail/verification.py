"""Is the audit trail as it was written? Every seal is computed again from the events.

Who can write to the database can also write a whole new chain; only a head noted elsewhere tells
that one from the old. See docs/decisions/0017-audit-chain.md.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

from django.db import connection
from django.utils.translation import gettext_lazy

from organization.database import snapshot

START = bytes(32)

# The text of an event as the database sealed it, in UTC and with the keys of objects in one order.
# It stands here once more so that a function changed in the database cannot vouch for itself.
TEXT = """jsonb_build_array(
    e.id, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.actor_id, e.code,
    e.object_type, e.object_id, e.before, e.after, e.data)::text"""
CHAIN = f"""
    SELECT s.seq, s.event_id, s.hash, CASE WHEN e.id IS NOT NULL THEN {TEXT} END
    FROM organization_auditseal s LEFT JOIN organization_auditevent e ON e.id = s.event_id
    ORDER BY s.seq"""
UNSEALED = """
    SELECT e.id FROM organization_auditevent e LEFT JOIN organization_auditseal s ON s.event_id = e.id
    WHERE s.seq IS NULL ORDER BY e.id"""
# A seal made for this event, but after another seal; or after this seal, but for another event.
MADE_ELSEWHERE = f"""
    SELECT EXISTS (SELECT FROM organization_auditseal s
                   WHERE sha256(s.hash || convert_to(%(text)s, 'UTF8')) = %(hash)s)
        OR EXISTS (SELECT FROM organization_auditevent e
                   WHERE sha256(%(previous)s || convert_to({TEXT}, 'UTF8')) = %(hash)s)"""
MOST_LOOKED_FOR = 20

SENTENCES = {
    "removed": gettext_lazy("Event %(event)s, sealed as number %(seq)s, was removed."),
    "altered": gettext_lazy("Event %(event)s, or its seal number %(seq)s, was altered."),
    "reordered": gettext_lazy("Event %(event)s does not belong at place %(seq)s: the order was changed."),
    "unsealed": gettext_lazy("Event %(event)s has no seal: it was put in past the database's own rules."),
    "missing": gettext_lazy("The seals from number %(seq)s to %(last)s are missing."),
    "cut": gettext_lazy("The end was cut off: the seals from number %(seq)s to %(last)s are missing."),
    "head": gettext_lazy("The head of the chain, number %(seq)s, is not the last seal."),
    "unknown": gettext_lazy("The head noted earlier, number %(seq)s, is not in the chain."),
}


@dataclass(frozen=True)
class Head:
    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True)
class Break:
    """One place where the chain is not what it was."""

    kind: str
    seq: int = 0
    event: int = 0
    last: int = 0

    def __str__(self) -> str:
        return str(SENTENCES[self.kind]) % {"seq": self.seq, "event": self.event, "last": self.last}


@dataclass(frozen=True)
class Verdict:
    head: Head
    breaks: list[Break]


@dataclass(frozen=True)
class _Seal:
    seq: int
    event: int
    hash: bytes
    text: str | None


@dataclass(frozen=True)
class _Suspect:
    """A seal that does not follow from the one before and its event."""

    found: Break
    previous: bytes
    seal: _Seal


def head_from(text: str) -> Head:
    """SEQ:HASH as it was printed; ValueError if it is not that."""
    seq, _colon, digest = text.strip().partition(":")
    if len(bytes.fromhex(digest)) != len(START):
        raise ValueError(text)
    return Head(int(seq), digest.lower())


def verify(*, noted: Iterable[tuple[int, str]] = ()) -> Verdict:
    """Go through the whole chain in one snapshot; `noted` are heads that must be in it."""
    with snapshot():
        # Pairs: of two heads with one number the older still counts, however often the newer is noted.
        wanted = set(noted) - {(0, START.hex())}  # The second: a head noted of an empty chain.
        last, breaks, suspects = _Seal(0, 0, START, None), [], []
        for seal in _seals():
            wanted.discard((seal.seq, seal.hash.hex()))
            found = list(_broken(last, seal))
            breaks += found
            if not found and _follows(last.hash, seal) is False:
                suspects.append(_Suspect(Break("altered", seal.seq, seal.event), last.hash, seal))
            last = seal
        breaks += _named(suspects)
        breaks += _unsealed()
        breaks += _end(last)
        breaks += [Break("unknown", seq) for seq, _hash in sorted(wanted)]
    return Verdict(Head(last.seq, last.hash.hex()), breaks)


def _seals() -> Iterator[_Seal]:
    """A few thousand at a time; the chain may be longer than memory."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(CHAIN)
        for seq, event, digest, text in cursor:
            yield _Seal(seq, event, bytes(digest), text)


def _broken(last: _Seal, seal: _Seal) -> Iterator[Break]:
    if seal.seq != last.seq + 1:
        yield Break("missing", last.seq + 1, last=seal.seq - 1)
    if seal.text is None:
        yield Break("removed", seal.seq, seal.event)


def _follows(previous: bytes, seal: _Seal) -> bool:
    assert seal.text is not None
    return sha256(previous + seal.text.encode()).digest() == seal.hash


def _named(suspects: list[_Suspect]) -> Iterator[Break]:
    """Altered, unless the seal fits elsewhere; looking for that costs a pass over the chain each."""
    for number, suspect in enumerate(suspects):
        moved = number < MOST_LOOKED_FOR and _made_elsewhere(suspect)
        yield replace(suspect.found, kind="reordered") if moved else suspect.found


def _made_elsewhere(suspect: _Suspect) -> bool:
    parts = {"previous": suspect.previous, "hash": suspect.seal.hash, "text": suspect.seal.text}
    with connection.cursor() as cursor:
        cursor.execute(MADE_ELSEWHERE, parts)
        return bool(cursor.fetchone()[0])


def _unsealed() -> list[Break]:
    with connection.cursor() as cursor:
        cursor.execute(UNSEALED)
        return [Break("unsealed", event=event) for (event,) in cursor.fetchall()]


def _end(last: _Seal) -> Iterator[Break]:
    """The head is kept in a row of its own, so an end that is cut off leaves it behind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, hash FROM organization_audithead")
        seq, digest = cursor.fetchone() or (0, START)
    if seq > last.seq:
        yield Break("cut", last.seq + 1, last=seq)
    elif seq < last.seq or bytes(digest) != last.hash:
        yield Break("head", seq)
