"""Is everything running? Scheduled work, workers, services, what waits, and what was wrong."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from organization import selectors, watch
from organization.access import roles, staff_of
from organization.models import Role
from organization.watch.lines import lines
from organization.watch.words import sentence

SHOWN_FOR = timedelta(days=30)


@require_GET
@roles(Role.ADMIN)
def watch_page(request: HttpRequest) -> HttpResponse:
    now = watch.state()
    past = selectors.alerts_ended(staff_of(request), since=timezone.now() - SHOWN_FOR)
    context = {
        "title": _("Is everything running?"),
        "state": now,
        "answer": _answer(now),
        "lines": lines(),
        "past": [(alert, sentence(alert.key, alert.values)) for alert in past],
    }
    return render(request, "organization/watch.html", context)


def _answer(state: watch.State) -> str:
    if not state.problems:
        return _("Nothing: everything runs, and nothing is overdue.")
    found = ngettext("%(n)s thing needs you.", "%(n)s things need you.", len(state.problems))
    return found % {"n": len(state.problems)}
