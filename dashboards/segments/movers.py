"""Members who moved between segments from one night to another: a list and its export."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import F, Max
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from dashboards.campaigns.words import money
from dashboards.segments.exports import export_note
from dashboards.segments.forms import MoverFilterForm
from members.models import Member
from organization.access import roles, staff_of
from organization.export import csv_response
from organization.models import Role, Staff
from segmentation import history
from segmentation.labels import label_of
from segmentation.models import ScoreChange
from segmentation.querysets import ChangeQuerySet

PAGE_SIZE, CHUNK = 50, 2_000
SORTS = {"moved": "moved_on", "last": "last_day", "spend": "spend"}
USUAL_SORT = "-moved"


@roles(*Role)
def segment_movers(request: HttpRequest) -> HttpResponse:
    form, found, sort = _asked(request)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "title": _("Members who moved"),
        "form": form,
        "page": page,
        "rows": list(_rows(staff_of(request), page)),
        "sort": sort,
        "usual_sort": USUAL_SORT,
    }
    return render(request, "segmentation/movers.html", context)


@roles(*Role)
def segment_movers_csv(request: HttpRequest) -> StreamingHttpResponse:
    """All that pass the filters."""
    form, found, _sort = _asked(request)
    asked = form.cleaned_data if form.is_valid() else {}
    called = {"was": "segment_before", "now": "segment_after"}
    narrowed = {called.get(name, name): value for name, value in asked.items()}
    export_note(staff_of(request), narrowed, rows=found.count())
    header = [_("Member"), _("Store code"), _("Home store"), _("Before"), _("After"), _("Moved on")]
    header += [_("Last purchase"), _("Receipts"), _("Spend"), "R", "F", "M"]
    return csv_response(name="movers.csv", header=header, rows=_csv_rows(staff_of(request), found))


def movers_url(since: date, until: date, was: str | None = None, now: str | None = None) -> str:
    query = {"since": since.isoformat(), "until": until.isoformat()}
    for name, code in (("was", was), ("now", now)):
        if code is not None:
            query[name] = code or MoverFilterForm.NOWHERE
    return f"{reverse('segment_movers')}?{urlencode(query)}"


def _asked(request: HttpRequest) -> tuple[MoverFilterForm, ChangeQuerySet, str]:
    """The form as filled in, the rows it asks for in the order asked for, and that order."""
    # Who has not said which days is asked for them, and not told that something is wrong.
    has_days = bool({"since", "until"} & set(request.GET))
    form = MoverFilterForm(request.GET if has_days else None, staff=staff_of(request))
    sort = request.GET.get("sort", USUAL_SORT)
    key = sort.removeprefix("-")
    if key not in SORTS:
        sort, key = USUAL_SORT, USUAL_SORT.removeprefix("-")
    if not form.is_valid():
        return form, ScoreChange.objects.none().by_member(), sort
    asked = form.asked()
    store = asked.pop("store")
    found = history.movers(staff_of(request), store=store.pk if store else None, **asked)
    return form, _ordered(found, key, is_falling=sort.startswith("-")), sort


def _ordered(found: ChangeQuerySet, key: str, *, is_falling: bool) -> ChangeQuerySet:
    field = SORTS[key]
    if field != "moved_on":
        found = found.annotate(**{field: Max(f"member__score__{field}")})
    by = F(field)
    order = by.desc(nulls_last=True) if is_falling else by.asc(nulls_last=True)
    return found.order_by(order, "member")


def _rows(staff: Staff, moved: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    moved = list(moved)
    people = _people(staff, moved)
    for row in moved:
        if member := people.get(row["member"]):
            score = getattr(member, "score", None)
            yield row | {
                "member": member,
                "store": member.home_store,
                "was": row["was"] or "none",
                "now": row["now"] or "none",
                "was_label": label_of(row["was"]),
                "now_label": label_of(row["now"]),
                "last_day": score and score.last_day,
                "receipts": score and score.receipts,
                "exact": score and score.spend,
                "spend": money(float(score.spend)) if score else "",
                "scores": (score.r, score.f, score.m) if score else (None,) * 3,
            }


def _people(staff: Staff, moved: list[dict[str, Any]]) -> dict[int, Member]:
    people = Member.objects.visible_to(staff).select_related("home_store", "score")
    found: dict[int, Member] = people.in_bulk([row["member"] for row in moved])
    return found


def _csv_rows(staff: Staff, found: ChangeQuerySet) -> Iterator[list[Any]]:
    rows = found.iterator(chunk_size=CHUNK)
    while part := list(islice(rows, CHUNK)):
        for row in _rows(staff, part):
            yield [
                *(row["member"].label, row["store"].code, str(row["store"]), row["was_label"]),
                *(row["now_label"], row["moved_on"], row["last_day"], row["receipts"], row["exact"]),
                *row["scores"],
            ]
