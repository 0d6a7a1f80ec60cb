"""Profiles of sources: how the files of each are read."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from organization import selectors, services
from organization.access import asked, roles, staff_of
from organization.forms import ProfileForm, rows_of, said_in
from organization.imports.choosing import builtin_label
from organization.imports.mapping import BadMapping, ColumnMapping, parse_mapping, titled
from organization.imports.runner import importer_of
from organization.models import ImportKind, Role, SourceProfile
from organization.services import Refusal

PER_PAGE = 50
admins = roles(Role.ADMIN)


@require_GET
@admins
def profile_list(request: HttpRequest) -> HttpResponse:
    wanted = asked(request, "q", "kind")
    found = selectors.profiles(staff_of(request), words=wanted["q"], kind=wanted["kind"])
    context = {
        "title": _("Profiles of sources"),
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "search": wanted["q"],
        "kind": wanted["kind"],
        "kinds": ImportKind.choices,
        "narrowed": any(wanted.values()),
    }
    return render(request, "organization/profiles.html", context)


@require_http_methods(["GET", "POST"])
@admins
def profile_edit(request: HttpRequest, pk: int) -> HttpResponse:
    profile = _profile(request, pk)
    if request.method == "POST":
        return _changed(request, profile)
    return _page(request, profile, ProfileForm.of(profile), profile.mapping, {})


@require_POST
@admins
def profile_delete(request: HttpRequest, pk: int) -> HttpResponse:
    profile = _profile(request, pk)
    services.profile_delete(profile=profile, actor=staff_of(request))
    messages.success(request, _("The profile is deleted; what was read with it stays as it is."))
    return redirect("profiles")


def _profile(request: HttpRequest, pk: int) -> SourceProfile:
    profile: SourceProfile = get_object_or_404(selectors.profiles(staff_of(request)), pk=pk)
    return profile


def _changed(request: HttpRequest, profile: SourceProfile) -> HttpResponse:
    form, said, faults = ProfileForm(request.POST, kind=profile.kind), profile.mapping, {}
    mapping: ColumnMapping | None = None
    try:
        if not profile.builtin:
            columns = importer_of(profile.kind).columns
            said = said_in(request.POST.dict(), columns, profile.header)
            mapping = parse_mapping(said, columns)
        if form.is_valid():
            services.profile_update(
                profile=profile, actor=staff_of(request), mapping=mapping, **form.values()
            )
            messages.success(request, _("Saved. Files read from now on are read so."))
            return redirect("profiles")
    except BadMapping as bad:
        faults = bad.faults
    except Refusal as refusal:
        form.add_error(refusal.field, str(refusal))
    return _page(request, profile, form, said, faults, status=422)


def _page(
    request: HttpRequest,
    profile: SourceProfile,
    form: ProfileForm,
    said: dict[str, Any],
    faults: dict[str, str],
    *,
    status: int = 200,
) -> HttpResponse:
    header = [ref if isinstance(ref, str) else "" for ref in profile.header]
    rows = [] if profile.builtin else rows_of(said, importer_of(profile.kind).columns, header)
    for row in rows:
        row.fault = faults.get(row.column.name, "")
    context = {
        "title": profile.name,
        "profile": profile,
        "builtin": builtin_label(profile.builtin, profile.kind),
        "form": form,
        "needed": [row for row in rows if row.is_shown_open],
        "others": [row for row in rows if not row.is_shown_open],
        "options": [(str(at), titled(ref), "") for at, ref in enumerate(profile.header)],
        "headerless": bool(said.get("headerless")),
        "faults": bool(faults),
    }
    return render(request, "organization/profile.html", context, status=status)
