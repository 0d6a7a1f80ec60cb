"""The segments page and the names of clusters."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dashboards.campaigns.words import money, percent
from dashboards.segments import figures, words
from dashboards.segments.forms import ClusterNameForm
from organization.access import roles, staff_of
from organization.models import Role, Staff
from segmentation import selectors, services
from segmentation.labels import SEGMENT_ADVICE, SEGMENT_LABELS, UNWELCOME
from segmentation.models import NightlyRun


@roles(*Role)
def segments(request: HttpRequest) -> HttpResponse:
    staff, run = staff_of(request), selectors.published_run()
    context: dict[str, Any] = {"title": _("Segments"), "run": run}
    if run:
        context |= _segment_cards(staff, run) | _cluster_cards(staff, run)
    return render(request, "segmentation/segments.html", context)


@require_POST
@roles(Role.MARKETER)
def cluster_rename(request: HttpRequest, label: int) -> HttpResponse:
    form = ClusterNameForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("A cluster's name has at most 60 characters."))
        return redirect("segments")
    try:
        services.cluster_rename(label=label, name=form.cleaned_data["name"], actor=staff_of(request))
    except LookupError:
        raise Http404 from None
    messages.success(request, _("The name is kept for the nights to come."))
    return redirect("segments")


def _segment_cards(staff: Staff, run: NightlyRun) -> dict[str, Any]:
    since = selectors.comparison_day(run)
    sizes = selectors.segment_sizes(staff, run=run, since=since)
    cells = selectors.rf_cells(staff)
    days, counts = selectors.sizes_over_time(staff, run=run)
    shares = selectors.score_shares(staff, run=run, cells=cells)
    return {
        "scored": sum(size.members for size in sizes),
        "since": since,
        "spread": words.spread(sizes),
        "grid_chart": figures.grid_chart(cells, run.scoring.grid),
        "growth": words.growth(sizes, since),
        "sizes": [_size_row(size, run) for size in sizes],
        "trend": words.trend(days, counts),
        "sizes_chart": figures.sizes_chart(days, counts),
        "empty_scores": words.empty_scores(shares, run.scoring),
        "shares": words.share_rows(shares),
    }


def _size_row(size: selectors.SegmentSize, run: NightlyRun) -> dict[str, Any]:
    change = size.change
    return {
        "code": size.code,
        "label": SEGMENT_LABELS[size.code],
        "url": figures.members_url(segment=size.code),
        "members": size.members,
        "change": "–" if change is None else words.signed(change),
        "tone": "" if not change else "bad" if (change > 0) == (size.code in UNWELCOME) else "good",
        "spend": _per_year(size.spend, size.members, run),
        "advice": SEGMENT_ADVICE[size.code],
    }


def _cluster_cards(staff: Staff, run: NightlyRun) -> dict[str, Any]:
    row = selectors.cluster_model(run)
    clusters = selectors.clusters(staff, row=row) if row else []
    members = sum(cluster.members for cluster in clusters)
    return {
        "types": words.types(row, clusters),
        "profile_chart": figures.profile_chart(clusters),
        "scan_chart": figures.scan_chart(row.model) if row else None,
        "clusters": [_cluster_row(cluster, members, run) for cluster in clusters],
        "may_rename": staff.role == Role.MARKETER,
    }


def _cluster_row(cluster: selectors.Cluster, members: int, run: NightlyRun) -> dict[str, Any]:
    return {
        "label": cluster.label,
        "name": cluster.name,
        "name_by_hand": cluster.name if cluster.is_named_by_hand else "",
        "members": cluster.members,
        "share": percent(cluster.members / members) if members else "–",
        "spend": _per_year(cluster.spend, cluster.members, run),
        "url": figures.members_url(cluster=cluster.label),
    }


def _per_year(spend: Decimal, members: int, run: NightlyRun) -> str:
    each = selectors.spend_per_year(spend, members, run=run)
    return "–" if each is None else money(float(each))
