"""One address, a home per role."""

from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dashboards.homes import admin, manager, marketing
from organization.access import staff_of
from organization.models import Role, Staff
from segmentation.models import NightlyRun
from segmentation.selectors import published_run

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
        return render(request, "homes/first_steps.html", {"title": _("Home"), **admin.first_steps(staff)})
    return _page(request, staff, run)


def _page(request: HttpRequest, staff: Staff, run: NightlyRun | None) -> HttpResponse:
    make_context, template = PAGES[Role(staff.role)]
    context = make_context(staff, run) if run else None
    if context is None:
        return render(request, "homes/empty.html", {"title": _("Home"), "run": run})
    return render(request, template, context)
