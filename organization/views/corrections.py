"""Rows set aside come again: a corrected file, cells typed anew on the page, or all of them as they are."""

import re

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from organization import selectors, services
from organization.access import roles, staff_of
from organization.forms import CorrectedForm
from organization.models import Import, Role
from organization.services import Refusal

admins = roles(Role.ADMIN)
_ROW = re.compile(r"[0-9]{1,9}")


@require_POST
@admins
def import_corrected(request: HttpRequest, pk: int) -> HttpResponse:
    """Take in the file of rows that was downloaded and mended."""
    record, form = _record(request, pk), CorrectedForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, _("Choose the file with the corrected rows."))
        return redirect("import_detail", record.pk)
    try:
        again = services.import_correct(
            record=record,
            file=form.cleaned_data["upload"],
            actor=staff_of(request),
            check_first=request.POST.get("then") == "check",
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("import_detail", record.pk)
    return redirect("import_detail", again.pk)


@require_GET
@admins
def import_row(request: HttpRequest, pk: int) -> HttpResponse:
    """The cells of one row, to be typed anew in the page that lists the rows."""
    record = _record(request, pk)
    mend = opened(request, record)
    if mend is None:
        raise Http404
    return render(request, "organization/import_row.html", {"record": record, "mend": mend})


def opened(request: HttpRequest, record: Import) -> selectors.RowToMend | None:
    """The row whose cells the address asks for, if it is still set aside."""
    number = request.GET.get("edit", "")
    row = selectors.rows_set_aside(record).filter(row=int(number)).first() if _ROW.fullmatch(number) else None
    return selectors.row_to_mend(record, row) if row else None


@require_POST
@admins
def import_rows_mended(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the rows again whose cells were opened on the page."""
    record = _record(request, pk)
    numbers = [int(number) for number in request.POST.getlist("row") if _ROW.fullmatch(number)]
    rows = selectors.rows_set_aside(record).filter(row__in=numbers)
    cells = {found.row: _typed(request, selectors.row_to_mend(record, found)) for found in rows}
    try:
        again = services.rows_correct(record=record, cells=cells, actor=staff_of(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("import_rows", record.pk)
    return redirect("import_detail", again.pk)


@require_POST
@admins
def import_rows_again(request: HttpRequest, pk: int) -> HttpResponse:
    record = _record(request, pk)
    try:
        again = services.rows_send_again(record=record, actor=staff_of(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("import_rows", record.pk)
    return redirect("import_detail", again.pk)


def _typed(request: HttpRequest, mend: selectors.RowToMend) -> dict[int, str]:
    """Cells by place; a masked one counts only where something was typed."""
    typed = {}
    for cell in mend.cells:
        value = request.POST.get(f"cell-{mend.row}-{cell.at}")
        if value is not None and (value or not cell.masked):
            typed[cell.at] = value.replace("\0", "")
    return typed


def _record(request: HttpRequest, pk: int) -> Import:
    """An import that ended: only then are rows set aside."""
    seen = Import.objects.visible_to(staff_of(request))
    seen = seen.filter(finished_at__isnull=False, undone_at=None)
    record: Import = get_object_or_404(seen.select_related("source", "profile"), pk=pk)
    return record
