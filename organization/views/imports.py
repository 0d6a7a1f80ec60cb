"""Import pages: send files, follow them, see what was read and what needs fixing."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from organization import selectors
from organization.access import asked, roles, staff_of
from organization.company import currency_sign
from organization.export import csv_response
from organization.forms import ImportForm
from organization.imports.words import read_as
from organization.models import Import, ImportKind, Job, Role
from organization.services import import_confirm, import_create, import_discard, quarantine_downloaded
from organization.services.retention import kept_until
from organization.views.checks import check_context
from organization.views.corrections import opened

PER_PAGE = 25
ROWS_PER_PAGE = 50
admins = roles(Role.ADMIN)


@require_http_methods(["GET", "POST"])
@admins
def import_list(request: HttpRequest) -> HttpResponse:
    staff = staff_of(request)
    first = {"kind": selectors.next_kind(staff)}
    form = ImportForm(request.POST or None, request.FILES or None, initial=first, staff=staff)
    if request.method == "POST" and form.is_valid():
        return _queue(request, form)
    words, filters = asked(request, "q")["q"], asked(request, "kind", "status", "sort")
    found = selectors.imports(staff, words=words, **filters)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("Imports"),
        "form": form,
        "page": page,
        "search": words,
        **filters,
        "sort": filters["sort"] or "-when",
        "kinds": ImportKind.choices,
        "statuses": _states(),
        "any": page.paginator.count or Import.objects.visible_to(staff).exists(),
    }
    return render(request, "organization/imports.html", context, status=422 if form.errors else 200)


def _states() -> list[tuple[str, Any]]:
    """The states of jobs and, between them, those only files have."""
    own = [
        (selectors.COLUMNS, _("Columns to map")),
        (selectors.CHECKED, _("Checked")),
        (selectors.DISCARDED, _("Discarded")),
        (selectors.UNDONE, _("Undone")),
    ]
    return [*Job.Status.choices, *own]


def _queue(request: HttpRequest, form: ImportForm) -> HttpResponse:
    """One job per file; a single file is followed on its own page."""
    data = form.cleaned_data
    records = [
        import_create(
            kind=data["kind"],
            file=file,
            file_name=file.name,
            source=data["source"],
            asked_by=staff_of(request),
            check_first=request.POST.get("then") == "check",
            shape=data["shape"],
            store=data["store"],
        )
        for file in data["uploads"]
    ]
    if len(records) == 1:
        return redirect("import_detail", records[0].pk)
    waiting = ngettext("%(n)s file is waiting.", "%(n)s files are waiting.", len(records))
    messages.success(request, waiting % {"n": len(records)})
    return redirect("imports")


@require_GET
@admins
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    record = record_of(request, pk)
    if record.asks_for_columns:
        return redirect("import_map", record.pk)
    context: dict[str, Any] = {
        "title": _("Import: %(file)s") % {"file": record.file_name},
        "record": record,
        "read_by": selectors.read_by(record),
    }
    if record.is_waiting:
        context |= check_context(record, money=_money)
        context["made"] = _made(context["report"]["made"])
        return render(request, "organization/import_check.html", context)
    if record.finished_at:
        again = selectors.corrections(staff_of(request), record)
        context |= {
            "tiles": _tiles(record),
            "read_as": read_as(record.reading),
            "columns": selectors.columns_read(record),
            "difference": _difference(record),
            "amounts": _amounts(record),
            "groups": selectors.problem_groups(record),
            "made": _made(record.made),
            "kept_until": kept_until(record),
            "corrections": again,
            "still_wrong": sum(selectors.rows_set_aside(each).count() for each in again),
            "still_there": selectors.rows_set_aside(record).count(),
        }
    return render(request, "organization/import.html", context)


@require_POST
@admins
def import_confirmed(request: HttpRequest, pk: int) -> HttpResponse:
    """Import what was checked."""
    record = record_of(request, pk)
    if not import_confirm(record=record, actor=staff_of(request)):
        messages.warning(request, _("This file does not wait to be imported."))
    return redirect("import_detail", record.pk)


@require_POST
@admins
def import_discarded(request: HttpRequest, pk: int) -> HttpResponse:
    record = record_of(request, pk)
    if import_discard(record=record, actor=staff_of(request)):
        messages.success(request, _("The file is deleted; nothing was written."))
    else:
        messages.warning(request, _("This file does not wait to be imported."))
    return redirect("imports")


@require_GET
@admins
def import_rows(request: HttpRequest, pk: int) -> HttpResponse:
    record = record_of(request, pk)
    like = request.GET.get("like", "")
    rows = selectors.rows_set_aside(record, like=int(like) if like.isdecimal() else None)
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("To fix: %(file)s") % {"file": record.file_name},
        "record": record,
        "page": page,
        "rows": selectors.shown_rows(record, list(page)),
        "like": like,
        "groups": selectors.problem_groups(record),
        "mend": opened(request, record),
    }
    return render(request, "organization/import_rows.html", context)


@require_GET
@admins
def import_rows_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rows as they were sent: whom to ask is in them, so the download is audited."""
    record = record_of(request, pk)
    quarantine_downloaded(record=record, actor=staff_of(request))
    header = [_("Row in the file"), _("Column"), _("Reason"), *record.reading.get("header", [])]
    return csv_response(
        name=f"to-fix-{record.pk}.csv", header=header, rows=selectors.rows_with_reasons(record)
    )


def record_of(request: HttpRequest, pk: int) -> Import:
    seen = Import.objects.visible_to(staff_of(request))
    with_people = seen.select_related(
        "job", "source", "store", "asked_by", "profile", "undo_job", "undone_by", "corrects"
    )
    record: Import = get_object_or_404(with_people, pk=pk)
    return record


def _tiles(record: Import) -> list[dict[str, Any]]:
    return [
        {"name": _("Added"), "value": f"{record.added:,}", "note": _("rows not here before")},
        {"name": _("Updated"), "value": f"{record.updated:,}", "note": _("rows that replaced others")},
        {"name": _("Unchanged"), "value": f"{record.unchanged:,}", "note": _("rows already here")},
        {"name": _("Ignored"), "value": f"{record.ignored:,}", "note": _("blank, total, void")},
        {
            "name": _("To fix"),
            "value": f"{record.quarantined:,}",
            "note": _("rows set aside"),
            "is_bad": bool(record.quarantined),
        },
    ]


def _difference(record: Import) -> int:
    placed = record.added + record.updated + record.unchanged + record.ignored + record.quarantined
    return record.read - placed


def _amounts(record: Import) -> list[tuple[str, str]]:
    """Where the money of a file of sales went; other files have none."""
    read, stored, aside = record.amount_read, record.amount_stored, record.amount_quarantined
    if read is None or stored is None or aside is None:
        return []
    return [
        (_("Amount read"), _money(read)),
        (_("Amount stored"), _money(stored)),
        (_("Amount already here"), _money(read - stored - aside)),
        (_("Amount to fix"), _money(aside)),
    ]


def _money(amount: Decimal) -> str:
    return f"{'−' if amount < 0 else ''}{currency_sign()}{abs(amount):,.2f}"


def _made(made: dict[str, int]) -> list[tuple[str, str]]:
    names = {
        "receipts": _("Receipts"),
        "corrected": _("Receipts corrected"),
        "members": _("Members"),
        "erased": _("Rows of erased members, left out"),
        "products": _("Products"),
        "stores": _("Stores"),
        "staff": _("Staff accounts"),
        "documents": _("Documents"),
        "documents_corrected": _("Documents corrected"),
    }
    return [(name, f"{made[key]:,}") for key, name in names.items() if key in made]
