"""One member: a page for who may see it, and what an admin may do with personal data."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboards.members.forms import EraseForm, RevealForm
from dashboards.members.history import history_card
from dashboards.members.own import counter_cards
from dashboards.members.presenter import bought, figures, standing
from members import selectors, services
from members.models import Member
from organization.access import roles, staff_of
from organization.models import Role
from sales.selectors import receipts_of

PAGE_SIZE = 20
admins = roles(Role.ADMIN)


@require_GET
@roles(*Role)
def member(request: HttpRequest, pk: int) -> HttpResponse:
    return member_page(request, member_of(request, pk))


@require_http_methods(["GET", "POST"])
@admins
def member_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """The page with one value in clear: in this answer only, which no browser keeps."""
    seen = member_of(request, pk)
    if request.method != "POST":  # As after a change of language.
        return redirect("member", pk=seen.pk)
    form = RevealForm(request.POST, fields=selectors.personal_fields(seen))
    if not form.is_valid():
        return member_page(request, seen, reveal_form=form, status=422)
    asked = form.cleaned_data
    try:
        value = services.member_reveal(member=seen, actor=staff_of(request), **asked)
    except ValidationError as refusal:
        form.add_error("reason", refusal)
        return member_page(request, seen, reveal_form=form, status=422)
    return member_page(request, seen, revealed=(asked["field"], value))


@require_POST
@admins
def member_export(request: HttpRequest, pk: int) -> HttpResponse:
    seen = member_of(request, pk)
    form = "zip" if request.POST.get("form") == "zip" else "json"
    content = services.member_export(member=seen, form=form, actor=staff_of(request))
    response = HttpResponse(content, content_type=f"application/{form}")
    response["Content-Disposition"] = f'attachment; filename="member-{seen.pk}.{form}"'
    return response


def member_of(request: HttpRequest, pk: int) -> Member:
    people = Member.objects.visible_to(staff_of(request))
    found: Member = get_object_or_404(
        people.select_related("home_store", "enrolment_store", "score", "age_verification", "self_exclusion"),
        pk=pk,
    )
    return found


def member_page(
    request: HttpRequest,
    seen: Member,
    *,
    reveal_form: RevealForm | None = None,
    erase_form: EraseForm | None = None,
    revealed: tuple[str, str] = ("", ""),
    status: int = 200,
) -> HttpResponse:
    staff = staff_of(request)
    page = Paginator(receipts_of(staff, seen), PAGE_SIZE).get_page(request.GET.get("page"))
    fields = selectors.personal_fields(seen)
    context: dict[str, Any] = {
        "title": seen.label,
        "member": seen,
        "fields": fields,
        "revealed_code": revealed[0],
        "revealed": revealed[1],
        "standing": standing(seen, selectors.consents_in_force(seen)),
        "figures": figures(seen),
        "page": page,
        "receipts": bought(page),
        "is_admin": staff.sees_everything,
        "reveal_form": reveal_form or RevealForm(fields=fields, auto_id="reveal-%s"),
        "erase_form": erase_form or EraseForm(member=seen, auto_id="erase-%s"),
        **history_card(staff, seen),
        **counter_cards(staff, seen),
    }
    response = render(request, "members/member.html", context, status=status)
    add_never_cache_headers(response)
    return response
