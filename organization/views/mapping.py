"""The page that says which column of a file is which of ours, with what it makes of the first rows."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from organization import selectors, services
from organization.access import roles, staff_of
from organization.forms import ColumnRow, ProfileForm, rows_of, rows_proposed, said_in
from organization.imports.columns import Column
from organization.imports.mapping import BadMapping, parse_mapping
from organization.imports.masking import cell_shown
from organization.imports.proposals import propose
from organization.imports.runner import importer_of
from organization.imports.samples import Sample
from organization.imports.trial import ROWS_SHOWN, try_mapping
from organization.jobs import JobError
from organization.models import Import, Role, SourceProfile
from organization.services import Refusal

admins = roles(Role.ADMIN)
EXAMPLES = 3


@require_http_methods(["GET", "POST"])
@admins
def import_map(request: HttpRequest, pk: int) -> HttpResponse:
    record = _record(request, pk)
    if not record.takes_columns:
        messages.warning(request, _("The columns of this file cannot be changed any more."))
        return redirect("import_detail", record.pk)
    try:
        sample = services.import_sample(record=record)
    except JobError as refused:
        messages.error(request, str(refused))
        return redirect("imports")
    if request.method == "POST":
        return _mapped(request, record, sample)
    headerless = _headerless(request, record, sample)
    rows, said = _rows_to_begin_with(record, sample, headerless=headerless)
    form = ProfileForm.of(record.profile) if record.profile else _new_profile(request, record)
    return _page(request, record, sample, said, rows, form)


@require_POST
@admins
def import_map_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What the mapping, as it is filled in now, makes of the first rows."""
    record = _record(request, pk)
    try:
        sample = services.import_sample(record=record)
    except JobError as refused:
        return render(request, "organization/mapping_tried.html", {"sentence": str(refused)})
    said = _said(request, record, sample)
    return render(request, "organization/mapping_tried.html", _tried(record, sample, said))


@require_POST
@admins
def import_read_with(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the file with another profile, a built-in shape, or by our own names."""
    record, staff = _record(request, pk), staff_of(request)
    what, _mark, which = request.POST.get("reading", "").partition(":")
    profile = None
    if what == "profile":
        saved = SourceProfile.objects.visible_to(staff).filter(source=record.source_id, kind=record.kind)
        profile = get_object_or_404(saved, pk=int(which) if which.isdecimal() else 0)
    shape = which if what == "builtin" else ""
    if not services.import_read_with(record=record, actor=staff, profile=profile, shape=shape):
        messages.warning(request, _("The columns of this file cannot be changed any more."))
    return redirect("import_detail", record.pk)


def _record(request: HttpRequest, pk: int) -> Import:
    seen = Import.objects.visible_to(staff_of(request)).select_related("job", "source", "profile")
    record: Import = get_object_or_404(seen, pk=pk)
    return record


def _mapped(request: HttpRequest, record: Import, sample: Sample) -> HttpResponse:
    said, form = _said(request, record, sample), ProfileForm(request.POST, kind=record.kind)
    columns, header = importer_of(record.kind).columns, sample.header(headerless=said["headerless"])
    rows, faults = rows_of(said, columns, header), {}
    try:
        mapping = parse_mapping(said, columns)
        if form.is_valid() and services.import_map(
            record=record, actor=staff_of(request), mapping=mapping, sample=sample, profile=form.values()
        ):
            return redirect("import_detail", record.pk)
    except BadMapping as bad:
        faults = bad.faults
    except Refusal as refusal:
        form.add_error(refusal.field, str(refusal))
    for row in rows:
        row.fault = faults.get(row.column.name, "")
    return _page(request, record, sample, said, rows, form, status=422)


def _said(request: HttpRequest, record: Import, sample: Sample) -> dict[str, Any]:
    refs = sample.refs(headerless=_headerless(request, record, sample))
    return said_in(request.POST.dict(), importer_of(record.kind).columns, refs)


def _headerless(request: HttpRequest, record: Import, sample: Sample) -> bool:
    """Whether the first row holds values: as somebody said, or as it looks."""
    asked = request.GET.get("first_row")
    if not sample.may_be_headerless:
        return False
    if request.method == "POST":
        return request.POST.get("headerless") == "1"
    if asked in ("values", "names"):
        return asked == "values"
    return bool(record.mapping["headerless"]) if record.mapping else sample.headerless


def _rows_to_begin_with(
    record: Import, sample: Sample, *, headerless: bool
) -> tuple[list[ColumnRow], dict[str, Any]]:
    """What the import was mapped with before, or what is proposed."""
    columns, header = importer_of(record.kind).columns, sample.header(headerless=headerless)
    if record.mapping and record.mapping["headerless"] == headerless:
        return rows_of(record.mapping, columns, header), record.mapping
    values = sample.values(headerless=headerless)
    rows = rows_proposed(columns, propose(columns, sample.first, values, headerless=headerless))
    refs = sample.refs(headerless=headerless)
    chosen = {row.column.name: {"refs": [refs[int(row.chosen)]]} for row in rows if row.chosen}
    return rows, {"headerless": headerless, "columns": chosen}


def _new_profile(request: HttpRequest, record: Import) -> ProfileForm:
    """A name that no profile of the source has yet."""
    seen = SourceProfile.objects.visible_to(staff_of(request))
    taken = set(seen.filter(source=record.source_id, kind=record.kind).values_list("name", flat=True))
    names = [record.source.name, *(f"{record.source.name[:50]} {n}" for n in range(2, len(taken) + 3))]
    return ProfileForm(initial={"name": next(name for name in names if name not in taken)}, kind=record.kind)


def _page(
    request: HttpRequest,
    record: Import,
    sample: Sample,
    said: dict[str, Any],
    rows: list[ColumnRow],
    form: ProfileForm,
    *,
    status: int = 200,
) -> HttpResponse:
    headerless, columns = said["headerless"], importer_of(record.kind).columns
    own, shapes, by_names = selectors.readings(staff_of(request), record, sample, columns)
    context = {
        "title": _("Which column is which?"),
        "record": record,
        "form": form,
        "needed": [row for row in rows if row.is_shown_open],
        "others": [row for row in rows if not row.is_shown_open],
        "options": _options(record.kind, sample, headerless=headerless),
        "headerless": headerless,
        "may_be_headerless": sample.may_be_headerless,
        "sent": _as_sent(record.kind, sample, headerless=headerless),
        "profiles": own,
        "shapes": shapes,
        "by_names": by_names,
        "why": record.job.error if record.needs_mapping and record.job else "",
        "faults": any(row.fault for row in rows),
        **_tried(record, sample, said),
    }
    return render(request, "organization/mapping.html", context, status=status)


def _tried(record: Import, sample: Sample, said: dict[str, Any]) -> dict[str, Any]:
    columns, headerless = importer_of(record.kind).columns, said["headerless"]
    try:
        mapping = parse_mapping(said, columns, partly=True)
    except BadMapping:
        return {"trial": None}
    values = sample.values(headerless=headerless)
    missing = [str(column.label) for column in columns if _is_missing(column, mapping.rules)]
    trial = try_mapping(mapping, record.kind, columns, sample.header(headerless=headerless), values)
    return {"trial": trial, "missing": missing, "tried": len(values)}


def _is_missing(column: Column, rules: Any) -> bool:
    return column.required and column.name not in rules


def _titles(sample: Sample, *, headerless: bool) -> list[str]:
    return [""] * len(sample.first) if headerless else sample.first


def _options(kind: str, sample: Sample, *, headerless: bool) -> list[tuple[str, str, str]]:
    """Place, title and a few masked values of every column of the file."""
    titles, shown = _titles(sample, headerless=headerless), sample.shown(headerless=headerless)
    found = []
    for at, title in enumerate(shown):
        cells = dict.fromkeys(
            row[at].strip() for row in sample.values(headerless=headerless) if at < len(row)
        )
        values = [cell_shown(kind, titles[at], cell)[:24] for cell in cells if cell][:EXAMPLES]
        found.append((str(at), title[:40], ", ".join(dict.fromkeys(values))))
    return found


def _as_sent(kind: str, sample: Sample, *, headerless: bool) -> dict[str, Any]:
    """The first rows as they stand in the file, values of persons masked."""
    titles = _titles(sample, headerless=headerless)
    rows = sample.values(headerless=headerless)[:ROWS_SHOWN]
    shown = [
        [cell_shown(kind, title, cell)[:60] for title, cell in zip(titles, row, strict=False)] for row in rows
    ]
    return {"header": sample.shown(headerless=headerless), "rows": shown}
