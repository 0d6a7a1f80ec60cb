"""How a member's scores came about: dated changes, and the receipts behind each."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dashboards.campaigns.words import money
from dashboards.members.presenter import bought
from members.models import Member
from organization.access import roles, staff_of
from organization.models import Role, Staff
from sales.selectors import receipts_of
from segmentation import history
from segmentation.labels import label_of
from segmentation.models import ScoreChange

PAGE_SIZE, RECEIPTS_SHOWN = 20, 50
ON_THE_MEMBER_PAGE = 3


def history_card(staff: Staff, member: Member) -> dict[str, Any]:
    """What the member page shows of it: the latest changes."""
    changes = list(history.changes_of(staff, member.pk)[: ON_THE_MEMBER_PAGE + 1])
    shown, before = changes[:ON_THE_MEMBER_PAGE], changes[ON_THE_MEMBER_PAGE:]
    return {
        "changes": _rows(staff, member, shown, before[0] if before else None),
        "has_more_changes": bool(before),
    }


@require_GET
@roles(*Role)
def member_history(request: HttpRequest, pk: int) -> HttpResponse:
    staff, member = staff_of(request), _member(request, pk)
    changes = history.changes_of(staff, member.pk)
    page = Paginator(changes, PAGE_SIZE).get_page(request.GET.get("page"))
    before = changes[page.end_index() : page.end_index() + 1].first() if page.object_list else None
    context = {
        "title": _("Score history of %(member)s") % {"member": member.label},
        "member": member,
        "page": page,
        "changes": _rows(staff, member, list(page), before),
        "first_night": history.nights_published().values_list("as_of", flat=True).first(),
    }
    return _render(request, "members/history.html", context)


@require_GET
@roles(*Role)
def member_change(request: HttpRequest, pk: int) -> HttpResponse:
    """All receipts that counted in the night of a change."""
    staff = staff_of(request)
    row = get_object_or_404(ScoreChange.objects.visible_to(staff).select_related("member"), pk=pk)
    member = row.member
    run = history.run_on(row.day)
    if run is None:
        raise Http404
    counted = history.receipts_counted(run, receipts_of(staff, member))
    page = Paginator(counted, RECEIPTS_SHOWN).get_page(request.GET.get("page"))
    context = {
        "title": _("Receipts behind the scores"),
        "member": member,
        "row": _row(row),
        "window_days": run.window_days,
        "page": page,
        "receipts": bought(page),
    }
    return _render(request, "members/change.html", context)


def _render(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    add_never_cache_headers(response)
    return response


def _member(request: HttpRequest, pk: int) -> Member:
    found: Member = get_object_or_404(Member.objects.visible_to(staff_of(request)), pk=pk)
    return found


def _rows(
    staff: Staff, member: Member, changes: Sequence[ScoreChange], before: ScoreChange | None
) -> list[dict[str, Any]]:
    if not changes:
        return []
    steps = history.steps(changes, before=before, receipts=receipts_of(staff, member))
    return [
        _row(step.change) | {"since": step.since, "entered": bought(step.entered), "left": bought(step.left)}
        for step in steps
    ]


def _row(change: ScoreChange) -> dict[str, Any]:
    old = (change.old_r, change.old_f, change.old_m)
    new = (change.new_r, change.new_f, change.new_m)
    return {
        "change": change,
        "scores": [_score(*pair) for pair in zip("RFM", old, new, strict=True)],
        "was": change.old or "none",
        "now": change.new or "none",
        "was_label": label_of(change.old),
        "now_label": label_of(change.new),
        "has_moved": change.old != change.new,
        "spend": "–" if change.spend is None else money(float(change.spend), places=2),
    }


def _score(name: str, old: int | None, new: int | None) -> dict[str, Any]:
    tone = "" if old is None or new is None or old == new else "good" if new > old else "bad"
    return {"name": name, "old": old, "new": new, "tone": tone, "has_changed": old != new}
