"""Erase a member; let one who was erased and has come back be enrolled again."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dashboards.members.forms import EraseForm, LiftForm
from dashboards.members.views import admins, member_of, member_page
from members import selectors, services
from organization.access import staff_of

PAGE_SIZE = 25


@require_http_methods(["GET", "POST"])
@admins
def member_erase(request: HttpRequest, pk: int) -> HttpResponse:
    seen = member_of(request, pk)
    if request.method != "POST":  # As after a change of language on the form that asks again.
        return redirect("member", pk=seen.pk)
    form = EraseForm(request.POST, member=seen)
    if form.is_valid():
        try:
            services.member_erase(member=seen, reason=form.cleaned_data["reason"], actor=staff_of(request))
        except ValidationError as refusal:
            form.add_error("reason", refusal)
    if form.errors:
        return member_page(request, seen, erase_form=form, status=422)
    messages.success(request, _("The member is erased. The receipts stay and are nobody's."))
    return redirect("segment_members")


@require_http_methods(["GET", "POST"])
@admins
def erasures(request: HttpRequest) -> HttpResponse:
    form = LiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.erasure_lift(actor=staff_of(request), **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Lifted. The next file or sale may enrol this person again."))
            return redirect("member_erasures")
    page = Paginator(selectors.erasures(staff_of(request)), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"title": _("Erased members"), "page": page, "form": form}
    return render(request, "members/erasures.html", context, status=422 if form.errors else 200)
