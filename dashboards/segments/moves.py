"""Who moved between segments from one night to another: the page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.segments import figures, words
from dashboards.segments.forms import PeriodForm
from dashboards.segments.movers import movers_url
from organization.access import roles, staff_of
from organization.models import Role, Staff
from segmentation import history
from segmentation.labels import label_of

PRESETS = ((7, gettext_lazy("Last week")), (30, gettext_lazy("30 days")), (90, gettext_lazy("3 months")))
USUAL_DAYS = 30
LARGEST = 12


@dataclass(frozen=True)
class Preset:
    label: str
    url: str
    is_shown: bool


@roles(*Role)
def segment_moves(request: HttpRequest) -> HttpResponse:
    nights = list(history.nights_published().values_list("as_of", flat=True))
    context: dict[str, Any] = {"title": _("Moves between segments"), "nights": nights}
    if len(nights) > 1:
        usual = {"since": _before(nights, USUAL_DAYS), "until": nights[-1]}
        form = PeriodForm(request.GET if {"since", "until"} & set(request.GET) else usual)
        context["form"] = form
        period = (form.cleaned_data["since"], form.cleaned_data["until"]) if form.is_valid() else None
        context["presets"] = list(_presets(nights, period))
        if period:
            context |= _cards(staff_of(request), *period)
    return render(request, "segmentation/moves.html", context)


def _before(nights: list[date], days: int) -> date:
    """The night nearest to so many days before the last."""
    wanted = nights[-1] - timedelta(days=days)
    return min(nights[:-1], key=lambda night: abs(night - wanted))


def _presets(nights: list[date], period: tuple[date, date] | None) -> Iterator[Preset]:
    """Those for which there is a night near enough, and all nights where they go back less far."""
    found = {}
    for days, label in PRESETS:
        night = _before(nights, days)
        if abs((nights[-1] - night).days - days) <= days / 2:
            found[night] = label
    if nights[0] > nights[-1] - timedelta(days=PRESETS[-1][0]):
        found[nights[0]] = gettext_lazy("Since the first night")
    until = nights[-1]
    for since, label in sorted(found.items(), reverse=True):
        query = urlencode({"since": since.isoformat(), "until": until.isoformat()})
        yield Preset(str(label), f"?{query}", period == (since, until))


def _cards(staff: Staff, since: date, until: date) -> dict[str, Any]:
    moves = history.moves(staff, since=since, until=until)
    largest = sorted(moves.moved.items(), key=lambda row: -row[1])[:LARGEST]
    return {
        "moves": moves,
        "answer": words.moved(moves),
        "flow_chart": figures.flow_chart(moves, movers_url),
        "largest": [_flow(moves, *flow, members=members) for flow, members in largest],
        "rest": len(moves.moved) - len(largest),
        "all_url": movers_url(since, until),
        "columns": [(code, label_of(code)) for code in history.STATES],
        "matrix": [_line(moves, was) for was in history.STATES],
    }


def _flow(moves: history.Moves, was: str, now: str, *, members: int) -> dict[str, Any]:
    return {
        "was": was or "none",
        "now": now or "none",
        "was_label": label_of(was),
        "now_label": label_of(now),
        "members": members,
        "url": movers_url(moves.since, moves.until, was, now),
    }


def _line(moves: history.Moves, was: str) -> dict[str, Any]:
    """A row of the matrix: how many stayed, and how many went where; a shade by the share of the most."""
    most = max(moves.moved.values(), default=1)
    cells = []
    for now in history.STATES:
        members = moves.moved.get((was, now), 0)
        cells.append(
            {
                "is_same": was == now,
                "members": moves.stayed.get(was) if was == now else members,
                "heat": round(100 * (members / most) ** 0.5) if members else 0,
                "url": movers_url(moves.since, moves.until, was, now),
            }
        )
    left = sum(members for (old, _now), members in moves.moved.items() if old == was)
    return {"code": was or "none", "label": label_of(was), "cells": cells, "left": left}
