"""A file of members into the database: one member across card, phone and WeChat id.

Rows are taken in chunks; each chunk costs a handful of queries. What an import may not do: give
back a consent the member withdrew, or lift a self-exclusion.
"""

import hashlib
import hmac
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from members.imports.columns import cleaners, endings, endings_of_refused
from members.imports.undo import imports_behind, note_changed, note_made
from members.models import (
    AgeVerification,
    Channel,
    Consent,
    IdentityKind,
    Member,
    MemberIdentity,
    MemberTag,
    Purpose,
    SelfExclusion,
    TagOrigin,
)
from members.tags import TagIndex
from members.tombstones import Tombstones
from organization import company
from organization.crypto import lookups
from organization.imports.columns import BadCell
from organization.imports.copying import copy_models, reserve_ids
from organization.imports.journal import rests_note
from organization.imports.reading import Layout, Source
from organization.imports.rows import clean_rows
from organization.imports.tally import Tally
from organization.jobs import Progress
from organization.models import Import, Store
from organization.services.secrets import CONTENT, Digests

CHUNK = 5_000
FIELDS = ("name", "sex", "birth_date")
Key = tuple[str, bytes]


@dataclass
class _Row:
    number: int
    values: dict[str, Any]
    keys: dict[str, Key]  # identity kind → its place in the index
    old_keys: dict[Key, Key]  # its place under a key that is being replaced → under the current one
    digest: bytes


@dataclass
class _Writes:
    """What a chunk adds and changes."""

    record: Import
    fresh_ids: Iterator[int]
    members: list[Member] = field(default_factory=list)
    changed: dict[int, Member] = field(default_factory=dict)
    identities: list[MemberIdentity] = field(default_factory=list)
    verifications: list[AgeVerification] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    exclusions: list[SelfExclusion] = field(default_factory=list)
    tags: list[MemberTag] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)

    def save(self) -> None:
        note_changed(self.record, list(self.changed))
        Member.unscoped.bulk_update(self.changed.values(), [*FIELDS, "row_digest"], batch_size=1_000)
        copy_models(self.members)
        note_made(self.record, [member.pk for member in self.members])
        for rows in (self.identities, self.verifications, self.consents, self.exclusions, self.tags):
            copy_models(rows)


def merge_members(record: Import, file: Source, layout: Layout, progress: Progress) -> Tally:
    """Import handler for members; a row's identities say whose it is."""
    tally = Tally()
    zones = {store.pk: store.time_zone for store in Store.unscoped.all()}
    today = timezone.localdate(record.created_at, company.zone())
    clean = cleaners(find_store=_store_finder(), today=today)
    refused_ends: list[dict[str, Any]] = []

    def refused(cells: dict[str, str]) -> None:
        if ends := endings_of_refused(cells, clean):
            refused_ends.append(ends)  # No more of them: every row may be refused.

    digests, erased = Digests(CONTENT), Tombstones()
    rows = clean_rows(file, layout, clean, {"store"}, tally, refused=refused)
    left_out, rests = 0, Counter[int]()
    while chunk := list(itertools.islice(rows, CHUNK)):
        wanted = [_row(number, values, digests) for number, values in chunk if not erased.hold(values)]
        left_out += len(chunk) - len(wanted)
        rests.update(_take_chunk(wanted, record, zones, tally))
        progress.say(_("%(rows)s rows read") % {"rows": f"{tally.read:,}"})
    rests_note(record, rests)
    tally.ignored += left_out
    _heed_refused([_row(0, values, digests) for values in refused_ends], record)
    tally.made = {"members": tally.added} | ({"erased": left_out} if left_out else {})
    return tally


def _heed_refused(rows: list[_Row], record: Import) -> None:
    """A row set aside for another fault still ends what it asks to end, for members we know."""
    owners = _owners(rows)
    known = Member.unscoped.in_bulk(list(owners.values()))
    ledger, writes = _Ledger(list(known)), _Writes(record, iter(()))
    for row in rows:
        for owner in {owners[key] for key in row.keys.values() if key in owners}:
            _add_wishes(known[owner], row, record, ledger, writes)
    writes.save()


def _store_finder() -> Any:
    stores = dict(Store.unscoped.values_list("code", "id"))
    stores |= dict(Store.unscoped.values_list("licence_number", "id"))

    def find(cell: str) -> int:
        if cell not in stores:
            raise BadCell(_("No store has this licence number or code. Import the stores first."))
        return int(stores[cell])

    return find


def _row(number: int, values: dict[str, Any], digests: Digests) -> _Row:
    keys: dict[str, Key] = {}
    old_keys: dict[Key, Key] = {}
    for kind in IdentityKind.values:
        if kind in values:
            current, *old = ((kind, digest) for digest in lookups(kind, values[kind]))
            keys[kind] = current
            old_keys |= dict.fromkeys(old, current)
    plain = json.dumps(values, sort_keys=True, default=str).encode()
    digest = hmac.digest(digests.of("row", "digest"), plain, hashlib.sha256)[:16]
    return _Row(number, values, keys, old_keys, digest)


def _take_chunk(rows: list[_Row], record: Import, zones: dict[int, str], tally: Tally) -> dict[int, int]:
    """Write a chunk; how many of its unchanged rows each earlier import had brought."""
    owners = _owners(rows)
    known = Member.unscoped.in_bulk(list(owners.values()))
    ledger = _Ledger(list(known))
    writes = _Writes(record, iter(reserve_ids(Member, len(rows)).tolist()))
    for row in rows:
        _take(row, owners, known, ledger, record, zones, writes, tally)
    writes.save()
    return imports_behind(writes.unchanged)


def _owners(rows: list[_Row]) -> dict[Key, int]:
    """Whose the identities of the rows are, by their place under the current key."""
    current = {key: key for row in rows for key in row.keys.values()}
    for row in rows:
        current |= row.old_keys
    found = MemberIdentity.unscoped.filter(lookup__in=[digest for _kind, digest in current])
    places = found.values_list("kind", "lookup", "member_id")
    return {
        current[kind, bytes(digest)]: owner
        for kind, digest, owner in places
        if (kind, bytes(digest)) in current
    }


class _Ledger:
    """What is on record of members a chunk touches: consents in force, who is verified, excluded, tagged."""

    def __init__(self, members: list[int]) -> None:
        latest = Consent.unscoped.filter(member__in=members, purpose=Purpose.MARKETING).order_by("at", "id")
        entries = latest.values_list("member_id", "channel", "granted")
        self.consents = {(member, channel): granted for member, channel, granted in entries}
        self.verified = set(
            AgeVerification.unscoped.filter(member__in=members).values_list("member_id", flat=True)
        )
        self.excluded = set(
            SelfExclusion.unscoped.filter(member__in=members).values_list("member_id", flat=True)
        )
        self.tag_index = TagIndex()
        # Deleted ones too: a file does not bring back a tag that the member deleted.
        tags = MemberTag.unscoped.filter(member__in=members).values_list("member_id", "lookup")
        self.tags = {(member, bytes(lookup)) for member, lookup in tags}


def _take(
    row: _Row,
    owners: dict[Key, int],
    known: dict[int, Member],
    ledger: _Ledger,
    record: Import,
    zones: dict[int, str],
    writes: _Writes,
    tally: Tally,
) -> None:
    if not row.keys:
        tally.refuse(row.number, "card", "", _("The row has neither card, phone nor WeChat id."))
        return
    found = {owners[key] for key in row.keys.values() if key in owners}
    if len(found) > 1:
        kinds = ", ".join(str(IdentityKind(kind).label) for kind in row.keys)
        tally.refuse(
            row.number,
            "card",
            "",
            _("The identities (%(kinds)s) belong to different members.") % {"kinds": kinds},
        )
        for owner in found:
            _add_wishes(known[owner], replace(row, values=endings(row.values)), record, ledger, writes)
        return
    member = known[found.pop()] if found else None
    if member is not None and bytes(member.row_digest or b"") == row.digest:
        tally.unchanged += 1
        writes.unchanged.append(member.pk)
        return
    member = _change(member, row, writes, tally) if member else _make(row, record, writes, known, tally)
    _add_identities(member, row, owners, writes)
    _add_witness(member, row, record, zones, ledger, writes)
    _add_wishes(member, row, record, ledger, writes)
    _add_tags(member, row, ledger, writes)


def _make(row: _Row, record: Import, writes: _Writes, known: dict[int, Member], tally: Tally) -> Member:
    values, store = row.values, row.values["store"]
    member = Member(
        id=next(writes.fresh_ids),
        enrolment_store_id=store,
        home_store_id=store,
        enrolled_on=values.get("enrolled_on") or timezone.localdate(record.created_at),
        row_digest=row.digest,
        **{name: values[name] for name in FIELDS if name in values},
    )
    known[member.pk] = member
    writes.members.append(member)
    tally.added += 1
    return member


def _change(member: Member, row: _Row, writes: _Writes, tally: Tally) -> Member:
    """An empty cell takes nothing away."""
    for name in FIELDS:
        if name in row.values:
            setattr(member, name, row.values[name])
    member.row_digest = row.digest
    writes.changed[member.pk] = member
    tally.updated += 1
    return member


def _add_identities(member: Member, row: _Row, owners: dict[Key, int], writes: _Writes) -> None:
    for kind, key in row.keys.items():
        if key not in owners:
            owners[key] = member.pk
            writes.identities.append(
                MemberIdentity(
                    member=member, kind=kind, lookup=key[1], value=row.values[kind], added_by=writes.record
                )
            )


def _add_witness(
    member: Member, row: _Row, record: Import, zones: dict[int, str], ledger: _Ledger, writes: _Writes
) -> None:
    """An age verification counts only with method, time and who saw it."""
    values = row.values
    complete = all(values.get(name) for name in ("age_method", "age_verified_at", "age_clerk"))
    if complete and member.pk not in ledger.verified:
        ledger.verified.add(member.pk)
        writes.verifications.append(
            AgeVerification(
                member=member,
                method=values["age_method"],
                verified_at=values["age_verified_at"].replace(tzinfo=ZoneInfo(zones[values["store"]])),
                clerk=values["age_clerk"],
                source=record.source.name,
                added_by=record,
            )
        )


def _add_wishes(member: Member, row: _Row, record: Import, ledger: _Ledger, writes: _Writes) -> None:
    source = record.source.name
    for channel in Channel.values:
        granted = row.values.get(f"consent_{channel}")
        before = ledger.consents.get((member.pk, channel))
        # A withdrawal always counts, dated now, so that one from a file that waited still comes last;
        # a grant counts only where the ledger has no entry yet.
        if granted is None or granted == before or (granted and before is False):
            continue
        ledger.consents[member.pk, channel] = granted
        writes.consents.append(
            Consent(member=member, channel=channel, purpose=Purpose.MARKETING, granted=granted,
                    at=timezone.now(), source=source, added_by=record)
        )  # fmt: skip
    if row.values.get("self_excluded") and member.pk not in ledger.excluded:
        ledger.excluded.add(member.pk)
        writes.exclusions.append(SelfExclusion(member=member, at=record.created_at, source=source))


def _add_tags(member: Member, row: _Row, ledger: _Ledger, writes: _Writes) -> None:
    for text in row.values.get("tags", ()):
        key = (member.pk, ledger.tag_index.of(text))
        if key in ledger.tags:
            continue
        ledger.tags.add(key)
        writes.tags.append(
            MemberTag(
                member=member,
                lookup=key[1],
                text=text,
                origin=TagOrigin.IMPORT,
                added_at=timezone.now(),
                added_by=writes.record,
            )
        )
