"""The audit trail: who did what, when, and whether all of it is still there."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from organization.access import asked, roles, staff_of
from organization.export import csv_response
from organization.models import AuditEvent, Role
from organization.services import audit
from organization.trail import selectors
from organization.trail.codes import GROUPS, KINDS

admins = roles(Role.ADMIN)


@require_GET
@admins
def audit_list(request: HttpRequest) -> HttpResponse:
    staff, filters = staff_of(request), _filters(request)
    place = asked(request, "below", "above")
    page = selectors.Page.of(
        selectors.audit_events(staff, filters), below=_id(place["below"]), above=_id(place["above"])
    )
    check = selectors.last_check(staff)
    context = {
        "title": _("Audit trail"),
        "filters": filters,
        "page": page,
        "events": [selectors.shown(event) for event in page.events],
        "check": check,
        "breaks": selectors.break_sentences(check),
        "groups": GROUPS.items(),
        "kinds": [(code, kind.label) for code, kind in KINDS.items()],
    }
    return render(request, "organization/audit.html", context)


@require_GET
@admins
def audit_csv(request: HttpRequest) -> HttpResponseBase:
    """All events that pass the filters; that they were taken out is an event itself."""
    staff, filters = staff_of(request), _filters(request)
    audit(actor=staff, code="audit.exported", data=filters.said())
    header = [_("Number"), _("When"), _("Who"), _("Code"), _("What"), _("On"), _("Details")]
    rows = _rows(selectors.audit_events(staff, filters).iterator(chunk_size=2_000))
    return csv_response(name="audit.csv", header=header, rows=rows)


def _rows(events: Iterator[AuditEvent]) -> Iterator[list[str]]:
    for event in events:
        shown = selectors.shown(event)
        details = "; ".join(
            f"{change.name}: {change.new}"
            if change.old is None
            else f"{change.name}: {change.old} → {change.new}"
            for change in shown.changes
        )
        at = timezone.localtime(event.at).isoformat(timespec="seconds")
        yield [str(event.pk), at, str(event.actor or ""), event.code, str(shown.label), shown.object, details]


def _filters(request: HttpRequest) -> selectors.Filters:
    return selectors.Filters(**asked(request, *selectors.Filters.names()))


def _id(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
