"""The members behind the numbers of the segments page: a list and its export."""

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dashboards.campaigns.words import money
from dashboards.segments.exports import export_note
from dashboards.segments.forms import MemberFilterForm
from organization.access import roles, staff_of
from organization.export import csv_response
from organization.models import Role
from segmentation import selectors
from segmentation.labels import CLASS_LABELS, SEGMENT_LABELS
from segmentation.models import MemberScore

PAGE_SIZE = 50
SORTS = {"last": "last_day", "receipts": "receipts", "spend": "spend", "r": "r", "f": "f", "m": "m"}
USUAL_SORT = "-spend"


@roles(*Role)
def members(request: HttpRequest) -> HttpResponse:
    run = selectors.published_run()
    names = selectors.cluster_names(selectors.cluster_model(run)) if run else {}
    form, found, sort = _asked(request, names)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "title": _("Members"),
        "run": run,
        "form": form,
        "page": page,
        "rows": [_row(score, names) for score in page],
        "sort": sort,
    }
    return render(request, "segmentation/members.html", context)


@roles(*Role)
def members_csv(request: HttpRequest) -> StreamingHttpResponse:
    run = selectors.published_run()
    names = selectors.cluster_names(selectors.cluster_model(run)) if run else {}
    form, found, _sort = _asked(request, names)
    export_note(staff_of(request), form.cleaned_data if form.is_valid() else {}, rows=found.count())
    header = [_("Member"), _("Store code"), _("Home store"), _("Last purchase"), _("Receipts"), _("Spend")]
    header += ["R", "F", "M", _("Segment"), _("Value class"), _("Cluster")]
    return csv_response(name="members.csv", header=header, rows=_csv_rows(found, names))


def _asked(
    request: HttpRequest, names: dict[int, str]
) -> tuple[MemberFilterForm, QuerySet[MemberScore], str]:
    """The form as filled in, the members it asks for in the order asked for, and that order."""
    form = MemberFilterForm(request.GET, staff=staff_of(request), clusters=names)
    sort = request.GET.get("sort", USUAL_SORT)
    if sort.removeprefix("-") not in SORTS:
        sort = USUAL_SORT
    column = F(SORTS[sort.removeprefix("-")])
    order = column.desc(nulls_last=True) if sort.startswith("-") else column.asc(nulls_last=True)
    if not form.is_valid():
        return form, MemberScore.objects.none(), sort
    wanted = dict(form.cleaned_data)
    label = wanted.pop("q")
    found = selectors.members_of(staff_of(request), label=label, **wanted)
    return form, found.order_by(order, "member_id"), sort


def _row(score: MemberScore, names: dict[int, str]) -> dict[str, Any]:
    return {
        "member": score.member,
        "store": score.member.home_store,
        "last_day": score.last_day,
        "receipts": score.receipts,
        "spend": money(float(score.spend)),
        "scores": (score.r, score.f, score.m),
        "segment": score.segment,
        "segment_label": _segment_label(score),
        "cluster": _cluster_name(score, names),
    }


def _csv_rows(found: QuerySet[MemberScore], names: dict[int, str]) -> Iterator[list[Any]]:
    for score in found.iterator(chunk_size=2_000):
        member, store = score.member, score.member.home_store
        yield [
            *(member.label, store.code, str(store), score.last_day, score.receipts, score.spend),
            *(score.r, score.f, score.m, _segment_label(score), _class_label(score)),
            _cluster_name(score, names),
        ]


def _segment_label(score: MemberScore) -> str:
    return SEGMENT_LABELS[score.segment] if score.segment else ""


def _class_label(score: MemberScore) -> str:
    return CLASS_LABELS[score.value_class] if score.value_class else ""


def _cluster_name(score: MemberScore, names: dict[int, str]) -> str:
    return names.get(score.cluster, "") if score.cluster is not None else ""
