"""The page that says what an undo would do, or why it cannot be, and asks for it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from organization import services
from organization.access import roles, staff_of
from organization.imports.undo import explained, obstacles
from organization.models import Import, Role
from organization.services.refusal import Refusal
from organization.views.imports import record_of


@require_http_methods(["GET", "POST"])
@roles(Role.ADMIN)
def import_undo(request: HttpRequest, pk: int) -> HttpResponse:
    record = record_of(request, pk)
    if record.is_being_undone:
        return redirect("import_detail", record.pk)
    if request.method == "POST":
        return _asked(request, record)
    return _page(request, record, obstacles(record))


def _asked(request: HttpRequest, record: Import) -> HttpResponse:
    if request.POST.get("confirm_name", "").strip() != record.file_name:
        return _page(request, record, obstacles(record), error=_("Type the name of the file to go on."))
    try:
        services.import_undo(record=record, actor=staff_of(request))
    except Refusal as refusal:
        messages.warning(request, str(refusal))
        return redirect("import_undo", record.pk)
    return redirect("import_detail", record.pk)


def _page(request: HttpRequest, record: Import, found: list[str], *, error: str = "") -> HttpResponse:
    context = {
        "title": _("Undo: %(file)s") % {"file": record.file_name},
        "record": record,
        "obstacles": found,
        "explained": [] if found else explained(record),
        "error": error,
    }
    return render(request, "organization/import_undo.html", context, status=422 if error else 200)
