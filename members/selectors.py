"""Reads of members: how many a store has; of one, what a page may show, and everything held."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from members.links import key_of
from members.models import (
    Channel,
    Consent,
    Erasure,
    Member,
    MemberIdentity,
    MemberLink,
    MemberTag,
    Purpose,
)
from organization.imports.masking import masked
from organization.models import AuditEvent, Staff


def members_per_store(asker: Staff, stores: Collection[int]) -> dict[int, int]:
    """How many members whose home is one of these stores somebody may see."""
    seen = Member.objects.visible_to(asker).filter(home_store__in=stores)
    return dict(seen.order_by().values_list("home_store").annotate(Count("pk")))


@dataclass(frozen=True)
class PersonalField:
    """A personal value as a page shows it; `code` asks for it in clear."""

    code: str
    label: str
    masked: str


@dataclass(frozen=True)
class ConsentInForce:
    channel: str
    granted: bool | None  # None: never asked
    at: datetime | None
    source: str


def personal_fields(member: Member) -> list[PersonalField]:
    """Name, birth date and each identity, as far as they are known."""
    fields = []
    if member.name:
        fields.append(PersonalField("name", _("Name of the person"), member.initial))
    if member.birth_date:
        fields.append(PersonalField("birth_date", _("Date of birth"), "••••-••-••"))
    for identity in member.identities.order_by("kind", "pk"):
        label = str(identity.get_kind_display())
        fields.append(
            PersonalField(identity_code(identity), label[:1].upper() + label[1:], masked(identity.value))
        )
    return fields


def identity_code(identity: MemberIdentity) -> str:
    return f"{identity.kind}-{identity.pk}"


def consents_in_force(member: Member) -> list[ConsentInForce]:
    """Per channel the latest entry of the ledger."""
    latest: dict[str, Consent] = {}
    for entry in member.consents.filter(purpose=Purpose.MARKETING).order_by("at", "pk"):
        latest[entry.channel] = entry
    return [_in_force(str(channel.label), latest.get(channel)) for channel in Channel]


def _in_force(channel: str, entry: Consent | None) -> ConsentInForce:
    if entry is None:
        return ConsentInForce(channel, None, None, "")
    return ConsentInForce(channel, entry.granted, entry.at, entry.source)


def erasures(staff: Staff) -> QuerySet[Erasure]:
    """Who erased a member and when, latest first."""
    seen: QuerySet[Erasure] = Erasure.objects.visible_to(staff)
    return seen.select_related("erased_by").order_by("-pk")


Rows = list[dict[str, Any]]


def everything_held(member: Member) -> dict[str, Rows]:
    """Every row about a member by table; a table that names members is in it without being listed."""
    held = {Member._meta.label_lower: _rows(Member, pk=member.pk)}
    for model, field in tables_of_members():
        held[model._meta.label_lower] = _rows(model, **{field: member.pk})
    # unscoped: of the one member the caller may see.
    events = AuditEvent.unscoped.filter(object_type=Member._meta.label_lower, object_id=member.pk)
    held[AuditEvent._meta.label_lower] = [_plain(row) for row in events.order_by("pk").values()]
    return {table: rows for table, rows in held.items() if rows}


def tables_of_members() -> list[tuple[type[models.Model], str]]:
    """Every model with a reference to a member, and the name of its column."""
    return [
        (model, field.attname)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is Member and model is not Member
    ]


def _rows(model: type[models.Model], **which: int) -> Rows:
    # unscoped: of the one member the caller may see.
    rows = model._base_manager.filter(**which).order_by("pk")
    return [_plain(row) for row in rows.values()]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Without digests, which say nothing to a person; days as everybody writes them."""
    return {name: _text(value) for name, value in row.items() if not isinstance(value, bytes | memoryview)}


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def member_of_link(token: str, *, at: datetime) -> Member | None:
    """Whose page the text opens. One query whatever the text is, see members/links.py."""
    # unscoped: the signed link says for whom.
    links = MemberLink.unscoped.open_at(at).select_related("member")
    link = links.filter(key=key_of(token)).first()
    return link.member if link else None


def latest_consents(member: Member) -> dict[tuple[str, str], Consent]:
    """The latest entry of the ledger per channel and purpose."""
    entries = member.consents.order_by("at", "pk")
    return {(entry.channel, entry.purpose): entry for entry in entries}


def tags_of(member: Member) -> list[MemberTag]:
    """Those in use; what is left of a deleted one is for no page."""
    return list(member.tags.in_use().order_by("pk"))


def has_open_link(member: Member) -> bool:
    return bool(member.links.open_at(timezone.now()).exists())
