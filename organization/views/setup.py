"""The first run: code, company, first admin; then, logged in, the stores and the first files."""

from typing import Any, cast

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from organization import company, selectors
from organization.access import roles, staff_of
from organization.account.entry import enter
from organization.export import csv_response
from organization.first_run import SESSION_KEY, code_fits, unclaimed, with_code
from organization.forms import (
    CompanyForm,
    FirstAdminForm,
    ImportForm,
    SetupCodeForm,
    StoreFormSet,
    StoreRows,
)
from organization.imports.templates import template_rows
from organization.models import Company, ImportKind, Role, Store
from organization.services import (
    AlreadySetUp,
    company_save,
    first_admin_create,
    import_create,
    stores_create,
)
from organization.views.company import lists

GET_AND_POST = require_http_methods(["GET", "POST"])
admins = roles(Role.ADMIN)


@login_not_required
@never_cache
@GET_AND_POST
@unclaimed
def setup(request: HttpRequest) -> HttpResponse:
    """Asks for the code, which may stand in the address; goes on where the set-up was left."""
    given = request.POST.get("code") or request.GET.get("code") or ""
    if given and not _may_try(request):
        return cast(HttpResponse, ratelimit.respond_429(request))
    if code_fits(given):
        request.session[SESSION_KEY] = True
    if request.session.get(SESSION_KEY):
        return redirect("setup_admin" if company.saved() else "setup_company")
    form = SetupCodeForm({"code": given} if given else None)
    if given:
        form.add_error("code", _("This is not the set-up code. It is shown where Huiyan was started."))
    return _step(request, "setup/code.html", 0, form)


@login_not_required
@never_cache
@GET_AND_POST
@with_code
def setup_company(request: HttpRequest) -> HttpResponse:
    known = Company.objects.first()
    form = CompanyForm(request.POST or None, instance=known or _suggested())
    if request.method == "POST" and form.is_valid():
        company_save(actor=None, fields=form.cleaned_data)  # type: ignore[arg-type]
        return redirect("setup_admin")
    return _step(request, "setup/company.html", 1, form, is_new=known is None, **lists())


@login_not_required
@never_cache
@GET_AND_POST
@with_code
def setup_admin(request: HttpRequest) -> HttpResponse:
    if company.saved() is None:
        return redirect("setup_company")
    form = FirstAdminForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _enter(request, form.cleaned_data)
    return _step(request, "setup/admin.html", 2, form)


@GET_AND_POST
@admins
def first_stores(request: HttpRequest) -> HttpResponse:
    rows = cast(StoreRows, StoreFormSet(request.POST or None, prefix="stores"))
    if request.method == "POST" and rows.is_valid():
        made = stores_create(actor=staff_of(request), rows=rows.stores)
        if made:
            told = ngettext("%(n)s store is in.", "%(n)s stores are in.", len(made)) % {"n": len(made)}
            messages.success(request, told)
        return redirect("first_files" if made else "first_stores")
    here = Store.objects.visible_to(staff_of(request)).count()
    return _step(request, "setup/stores.html", 3, rows, here=here)


@GET_AND_POST
@admins
def first_files(request: HttpRequest) -> HttpResponse:
    """Files one after the other; each refers to those before it."""
    staff = staff_of(request)
    kind = request.GET.get("kind", "")
    first = {"kind": kind if kind in ImportKind.values else selectors.next_kind(staff)}
    form = ImportForm(request.POST or None, request.FILES or None, initial=first, staff=staff)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        for file in data["uploads"]:
            import_create(
                kind=data["kind"],
                file=file,
                file_name=file.name,
                source=data["source"],
                asked_by=staff,
                shape=data["shape"],
                store=data["store"],
            )
        return redirect("first_files")
    return _step(request, "setup/files.html", 4, form, files=selectors.file_kinds(staff))


@require_GET
@admins
def import_template(request: HttpRequest, kind: str) -> Any:
    """A file to fill in, its columns named in the reader's language."""
    if kind not in ImportKind.values:
        raise Http404
    header, rows = template_rows(kind)
    return csv_response(name=f"{kind}.csv", header=header, rows=rows)


def _may_try(request: HttpRequest) -> bool:
    """A code of the environment may be a short one."""
    tried = ratelimit.consume(request, app="allauth.account", action="setup_code", limit_get=True)
    return tried is not None


def _suggested() -> Company:
    """Before anything is known: the environment's, in the language the page is read in."""
    suggested = company.current()
    suggested.sender_name = ""
    suggested.language = get_language() or suggested.language
    return suggested


def _enter(request: HttpRequest, given: dict[str, Any]) -> HttpResponse:
    try:
        admin = first_admin_create(
            username=given["username"],
            password=given["password"],
            name=given["first_name"],
            email=given["email"],
        )
    except AlreadySetUp:
        raise Http404 from None
    request.session.pop(SESSION_KEY, None)
    enter(request, admin)
    return redirect("first_stores")


def _step(request: HttpRequest, template: str, number: int, form: Any, **more: Any) -> HttpResponse:
    names = (_("Company"), _("Your account"), _("Stores"), _("First files"))
    # Without a rail: one thing at a time.
    context = {"title": _("Set-up"), "nav": None, "form": form, "number": number, "steps": names, **more}
    return render(request, template, context, status=422 if form.errors and form.is_bound else 200)
