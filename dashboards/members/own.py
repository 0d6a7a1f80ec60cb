"""At the counter: a link to the member's own page, and tags beside the member."""

from base64 import b64encode
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from qrcode.image.svg import SvgPathImage
from qrcode.main import QRCode

from dashboards.members.forms import TagForm
from members import services
from members.links import link_token
from members.models import Member
from members.selectors import has_open_link, tags_of
from organization.access import roles, staff_of
from organization.models import Role, Staff

AT_THE_COUNTER = (Role.MANAGER, Role.ADMIN)
counter = roles(*AT_THE_COUNTER)


def counter_cards(staff: Staff, member: Member) -> dict[str, Any]:
    """What the member page shows of links and tags."""
    return {
        "tags": tags_of(member),
        "tag_form": TagForm(),
        "has_open_link": has_open_link(member),
        "left_groups": hasattr(member, "profiling_objection"),
        "at_the_counter": staff.role in AT_THE_COUNTER,
    }


@require_http_methods(["GET", "POST"])
@counter
def member_link(request: HttpRequest, pk: int) -> HttpResponse:
    """A page with the link as text and as a picture; it is shown in this answer only."""
    member = _member(request, pk)
    if request.method != "POST":  # As after a change of language.
        return redirect("member", pk=member.pk)
    link = services.member_link_create(member=member, actor=staff_of(request))
    address = request.build_absolute_uri(reverse("own", kwargs={"token": link_token(link)}))
    context = {
        "title": _("Link for %(member)s") % {"member": member.label},
        "member": member,
        "address": address,
        "picture": _picture(address),
        "expires_at": link.expires_at,
    }
    response = render(request, "members/link.html", context)
    add_never_cache_headers(response)
    return response


@require_POST
@counter
def member_links_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    member = _member(request, pk)
    if services.member_links_revoke(member=member, actor=staff_of(request)):
        messages.success(request, _("The link no longer opens anything."))
    return redirect("member", pk=member.pk)


@require_POST
@counter
def member_tag_add(request: HttpRequest, pk: int) -> HttpResponse:
    member, form = _member(request, pk), TagForm(request.POST)
    try:
        text = form.cleaned_data["text"] if form.is_valid() else ""
        services.member_tag_add(member=member, text=text, actor=staff_of(request))
        messages.success(request, _("The tag is added. The member sees it on the own page."))
    except services.WishError as refusal:
        messages.error(request, str(refusal))
    return redirect("member", pk=member.pk)


@require_POST
@counter
def member_tag_remove(request: HttpRequest, pk: int) -> HttpResponse:
    member, tag = _member(request, pk), request.POST.get("tag", "")
    number = int(tag) if tag.isdecimal() and len(tag) < 19 else 0
    if services.member_tag_remove(member=member, tag=number, actor=staff_of(request)):
        messages.success(request, _("The tag is removed."))
    return redirect("member", pk=member.pk)


def _member(request: HttpRequest, pk: int) -> Member:
    found: Member = get_object_or_404(Member.objects.visible_to(staff_of(request)), pk=pk)
    return found


def _picture(text: str) -> str:
    """A QR code as the address of an image, which needs neither a file nor a script."""
    code = QRCode(image_factory=SvgPathImage, border=2)
    code.add_data(text)
    image = BytesIO()
    code.make_image().save(image)
    return f"data:image/svg+xml;base64,{b64encode(image.getvalue()).decode()}"
