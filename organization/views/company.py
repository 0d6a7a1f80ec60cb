"""The company's own facts, on a page of their own."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from organization import company
from organization.access import roles, staff_of
from organization.forms import CompanyForm, time_zones
from organization.models import Company, Role
from organization.services import company_save

CURRENCY_SIGNS = ("¥", "$", "€", "£", "HK$", "NT$", "MOP$", "S$", "₩", "฿", "RM", "₫")


@require_http_methods(["GET", "POST"])
@roles(Role.ADMIN)
def company_settings(request: HttpRequest) -> HttpResponse:
    form = CompanyForm(request.POST or None, instance=Company.objects.first() or company.current())
    if request.method == "POST" and form.is_valid():
        company_save(actor=staff_of(request), fields=form.cleaned_data)  # type: ignore[arg-type]
        messages.success(request, _("Saved. Every page and task follows within seconds."))
        return redirect("company")
    context = {"title": _("Company"), "form": form, **lists()}
    return render(request, "organization/company.html", context, status=422 if form.errors else 200)


def lists() -> dict[str, object]:
    """What the form's fields offer while one types."""
    return {"time_zones": time_zones(), "currency_signs": CURRENCY_SIGNS}
