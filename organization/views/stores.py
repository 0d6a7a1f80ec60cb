"""Regions and stores, for admins."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from organization import counts, selectors, services
from organization.access import asked, roles, staff_of
from organization.export import csv_response
from organization.forms import RegionForm, StoreFilterForm, StoreForm
from organization.models import Region, Role, Store
from organization.services import Refusal

PER_PAGE = 50
admins = roles(Role.ADMIN)


@require_GET
@admins
def store_list(request: HttpRequest) -> HttpResponse:
    staff, form = staff_of(request), StoreFilterForm(request.GET)
    words = asked(request, "q", "sort")
    found = _found(request, form)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("Regions and stores"),
        "form": form,
        "search": words["q"],
        "sort": words["sort"] or "code",
        "page": page,
        "rows": selectors.store_rows(staff, list(page)),
        "counted": counts.labels(),
        "regions": selectors.region_rows(staff),
        "region": form.wanted()["region"],
        "narrowed": bool(words["q"]) or any(form.wanted().values()),
    }
    return render(request, "organization/stores.html", context)


@require_GET
@admins
def stores_csv(request: HttpRequest) -> HttpResponseBase:
    header = [_("Code"), _("Licence number"), _("Name"), _("English name"), _("Active"), _("Region")]
    header += [_("Time zone"), _("Closing hour"), _("Staff"), *counts.labels()]
    rows = selectors.stores_csv(staff_of(request), _found(request, StoreFilterForm(request.GET)))
    return csv_response(name="stores.csv", header=header, rows=rows)


@require_http_methods(["GET", "POST"])
@admins
def store_edit(request: HttpRequest, pk: int) -> HttpResponse:
    staff = staff_of(request)
    store = get_object_or_404(Store.objects.visible_to(staff).select_related("region"), pk=pk)
    form = StoreForm(request.POST) if request.method == "POST" else StoreForm.of(store)
    if request.method == "POST" and form.is_valid():
        changed = services.store_update(actor=staff, store=store, **form.cleaned_data)
        messages.success(request, _said(changed))
        return redirect("store_edit", pk)
    row = selectors.store_rows(staff, [store])[0]
    figures = list(zip(counts.labels(), row.others, strict=True))
    context = {"title": str(store), "store": store, "form": form, "row": row, "figures": figures}
    return render(request, "organization/store.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@admins
def region_new(request: HttpRequest) -> HttpResponse:
    form = RegionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            region = services.region_create(actor=staff_of(request), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal.field, str(refusal))
        else:
            messages.success(request, _("The region is there; move stores into it."))
            return redirect("region_edit", region.pk)
    return _region_page(request, form, title=_("New region"))


@require_http_methods(["GET", "POST"])
@admins
def region_edit(request: HttpRequest, pk: int) -> HttpResponse:
    # unscoped: every admin may change every region.
    region = get_object_or_404(Region, pk=pk)
    if request.method == "GET":
        return _region_page(request, RegionForm.of(region), title=str(region), region=region)
    form = RegionForm(request.POST, region=region)
    if form.is_valid():
        try:
            changed = services.region_update(actor=staff_of(request), region=region, **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal.field, str(refusal))
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing changed."))
            return redirect("region_edit", pk)
    return _region_page(request, form, title=str(region), region=region)


def _found(request: HttpRequest, form: StoreFilterForm) -> QuerySet[Store]:
    words = asked(request, "q", "sort")
    return selectors.stores(staff_of(request), words=words["q"], sort=words["sort"], **form.wanted())


def _said(changed: list[str]) -> str:
    """What a change of a store means; who changes its day is told what stays."""
    if not changed:
        return _("Nothing changed.")
    if {"time_zone", "closing_hour"} & set(changed):
        return _(
            "Saved. Receipts already stored keep their business day; "
            "the change counts for receipts that come from now on."
        )
    return _("Saved.")


def _region_page(request: HttpRequest, form: RegionForm, **context: Any) -> HttpResponse:
    context |= {"form": form}
    return render(request, "organization/region.html", context, status=422 if form.errors else 200)
