"""One address, a home per role."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dashboards.homes import admin, first_steps, manager, marketing
from organization.access import roles, staff_of
from organization.jobs import JobError
from organization.models import Role, Staff
from segmentation.models import NightlyRun
from segmentation.selectors import published_run
from segmentation.services import night_start

PAGES = {
    Role.MANAGER: (manager.context, "homes/manager.html"),
    Role.MARKETER: (marketing.context, "homes/marketing.html"),
    Role.APPROVER: (marketing.context, "homes/marketing.html"),
    Role.ADMIN: (admin.context, "homes/admin.html"),
}


def home(request: HttpRequest) -> HttpResponse:
    staff = staff_of(request)
    if staff.role not in PAGES:
        raise PermissionDenied
    prefetch_related_objects([staff], "regions")  # Every scoped query asks for them.
    run = published_run()
    if run is None and staff.role == Role.ADMIN:
        return render(request, "homes/first_steps.html", first_steps.context(staff))
    return _page(request, staff, run)


@require_POST
@roles(Role.ADMIN)
def first_night(request: HttpRequest) -> HttpResponse:
    """Of yesterday, or of the last day that has receipts; the home shows how far it is."""
    day = first_steps.first_night_day(staff_of(request))
    try:
        if day is None:
            raise JobError(_("There are no receipts yet. Bring in a file of sales first."))
        night_start(as_of=day, asked_by=staff_of(request))
    except JobError as refusal:
        messages.warning(request, str(refusal))
    return redirect("home")


def _page(request: HttpRequest, staff: Staff, run: NightlyRun | None) -> HttpResponse:
    make_context, template = PAGES[Role(staff.role)]
    context = make_context(staff, run) if run else None
    if context is None:
        return render(request, "homes/empty.html", {"title": _("Home"), "run": run})
    return render(request, template, context)
