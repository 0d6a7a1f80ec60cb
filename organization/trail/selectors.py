"""What the page and the file of the audit trail show: filters, pages by id, old and new values."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any, Self

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django_stubs_ext import StrOrPromise

from organization.models import AuditCheck, AuditEvent, Staff
from organization.trail.codes import CODES, KINDS, codes_named, codes_of
from organization.trail.names import name_of, word_of
from organization.trail.verification import Break

PER_PAGE = 50
BREAKS_SHOWN = 5
# Beyond this a name is too common to search for.
MOST_PEOPLE = 500


@dataclass(frozen=True)
class Filters:
    """As the address gives them; "" where it does not say."""

    q: str = ""
    who: str = ""
    group: str = ""
    kind: str = ""
    id: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))

    @property
    def any(self) -> bool:
        return any(self.said().values())

    def said(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.names() if getattr(self, name)}


@dataclass(frozen=True)
class Page:
    """Events newest first; `older` and `newer` are ids to go on from, None at the ends."""

    events: list[AuditEvent]
    older: int | None
    newer: int | None

    @classmethod
    def of(cls, found: QuerySet[AuditEvent], *, below: int | None, above: int | None) -> Self:
        if above is not None:
            rows = list(found.filter(pk__gt=above).order_by("pk")[: PER_PAGE + 1])
            more_newer, more_older = len(rows) > PER_PAGE, True
            events = rows[:PER_PAGE][::-1]
        else:
            rows = list((found.filter(pk__lt=below) if below is not None else found)[: PER_PAGE + 1])
            more_newer, more_older = below is not None, len(rows) > PER_PAGE
            events = rows[:PER_PAGE]
        if not events:
            return cls([], None, None)
        return cls(events, events[-1].pk if more_older else None, events[0].pk if more_newer else None)


@dataclass(frozen=True)
class Change:
    """One value of an event; `old` is None where there was none to replace."""

    name: StrOrPromise
    old: str | None
    new: str


@dataclass(frozen=True)
class Shown:
    """An event as a page shows it."""

    event: AuditEvent
    label: StrOrPromise
    object: str
    url: str
    changes: list[Change]


def audit_events(staff: Staff, filters: Filters) -> QuerySet[AuditEvent]:
    """The events that pass every filter, newest first; a filter that is nonsense finds nothing."""
    found: QuerySet[AuditEvent] = AuditEvent.objects.visible_to(staff)
    found = found.select_related("actor").order_by("-pk")
    if filters.q:
        found = found.filter(_words(filters.q))
    if filters.who:
        found = found.filter(actor__in=_people(filters.who))
    if filters.group:
        found = found.filter(code__in=codes_of(filters.group))
    if filters.kind:
        found = found.filter(object_type=filters.kind)
    if filters.id:
        found = found.filter(object_id=int(filters.id)) if filters.id.isdecimal() else found.none()
    return _within(found, filters)


def shown(event: AuditEvent) -> Shown:
    kind = KINDS.get(event.object_type)
    name = f"{kind.label if kind else event.object_type} {event.object_id or ''}".strip()
    url = reverse(kind.page, args=[event.object_id]) if kind and kind.page and event.object_id else ""
    return Shown(event, CODES.get(event.code, event.code), name, url, list(_changes(event)))


def last_check(staff: Staff) -> AuditCheck | None:
    check: AuditCheck | None = AuditCheck.objects.visible_to(staff).order_by("-pk").first()
    return check


def break_sentences(check: AuditCheck | None) -> list[str]:
    return [str(Break(**found)) for found in check.breaks[:BREAKS_SHOWN]] if check else []


def _words(words: str) -> Q:
    found = Q(code__in=codes_named(words)) | Q(actor__in=_people(words))
    return found | Q(object_id=int(words)) if words.isdecimal() else found


def _people(words: str) -> list[int]:
    named = Q(username__icontains=words) | Q(first_name__icontains=words) | Q(last_name__icontains=words)
    return list(Staff.objects.filter(named).values_list("pk", flat=True)[:MOST_PEOPLE])


def _within(found: QuerySet[AuditEvent], filters: Filters) -> QuerySet[AuditEvent]:
    """Both days count whole, in the company's time zone."""
    since, until = _day(filters.since), _day(filters.until)
    if since:
        found = found.filter(at__gte=_begin(since))
    if until and until < date.max:
        found = found.filter(at__lt=_begin(until + timedelta(days=1)))
    return found


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _changes(event: AuditEvent) -> Iterator[Change]:
    for key in event.before | event.after:
        old, new = event.before.get(key), event.after.get(key)
        yield Change(_name(event, key), _text(event, key, old), _text(event, key, new))
    for key, value in event.data.items():
        yield Change(_name(event, key), None, _text(event, key, value))


def _name(event: AuditEvent, key: str) -> StrOrPromise:
    return name_of(key, _field(event, key))


def _text(event: AuditEvent, key: str, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, dict):
        return ", ".join(f"{_name(event, part)} {number}" for part, number in value.items()) or "–"
    if isinstance(value, list):
        return ", ".join(_text(event, key, part) for part in value) or "–"
    return word_of(key, value, _field(event, key))


def _field(event: AuditEvent, key: str) -> Any:
    try:
        return apps.get_model(event.object_type)._meta.get_field(key)
    except (LookupError, ValueError, FieldDoesNotExist):
        return None
