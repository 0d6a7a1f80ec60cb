"""A member's own page: what is held, and what the member decides. The link in the address is the key."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.i18n import set_language

from dashboards.own import deeds, presenter
from dashboards.own.access import missed, own_page, sentence
from members.models import Member
from members.services import WishError, member_export


@require_safe
@own_page
def own(request: HttpRequest, member: Member) -> HttpResponse:
    return render(request, "own/page.html", presenter.page(member) | _links(request))


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def own_deed(request: HttpRequest, member: Member, name: str) -> HttpResponse:
    """Words first; nothing happens before the button below them is pressed."""
    deed = deeds.find(member, name)
    if deed is None:
        return missed(request)
    if request.method != "POST":
        context = {"title": deed.question, "deed": deed, **_links(request)}
        return render(request, "own/confirm.html", context)
    try:
        deed.carry_out()
        if deed.is_last:
            return sentence(request, status=200, title=deed.done, text=_("You can close this page."))
        messages.success(request, deed.done)
    except WishError as refusal:
        messages.error(request, str(refusal))
    return redirect("own", token=request.own_token)  # type: ignore[attr-defined]


@require_POST
@own_page
def own_language(request: HttpRequest, member: Member) -> HttpResponse:
    return set_language(request)


@require_POST
@own_page
def own_download(request: HttpRequest, member: Member) -> HttpResponse:
    content = member_export(member=member, form="json", actor=None)
    response = HttpResponse(content, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{timezone.localdate():%Y%m%d}.json"'
    return response


def _links(request: HttpRequest) -> dict[str, Any]:
    return {"token": request.own_token}  # type: ignore[attr-defined]
