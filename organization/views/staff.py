"""Accounts, for admins: who there is, invite, move, end and give back access."""

from collections.abc import Callable
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from organization import selectors, services
from organization.access import asked, roles, staff_of
from organization.account.adapters import has_second_factor
from organization.export import csv_response
from organization.forms import StaffFilterForm, StaffForm
from organization.models import Role, Staff
from organization.services import Refusal

PER_PAGE = 50
LINKS = "invitation_links"  # In the session: a link not shown yet, by account.
admins = roles(Role.ADMIN)
# Who makes an account, or a way into one, proves again who it is: a session left open is not enough.
proved: Callable[[Any], Any] = reauthentication_required(app="organization", allow_get=True)


@require_GET
@admins
def staff_list(request: HttpRequest) -> HttpResponse:
    form, words, sort = _asked(request)
    found = _found(request, form, words, sort)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("Staff"),
        "form": form,
        "search": words,
        "sort": sort or "username",
        "page": page,
        "rows": [_row(account) for account in page],
        "store": form.wanted()["store"],
        "narrowed": bool(words) or any(form.wanted().values()),
    }
    return render(request, "organization/staff.html", context)


@require_GET
@admins
def staff_csv(request: HttpRequest) -> HttpResponseBase:
    header = [_("Username"), pgettext("of a person", "Name"), _("E-mail address"), _("Role"), _("Stores")]
    header += [_("Regions"), pgettext("of an account", "Active"), _("Last log-in")]
    rows = selectors.accounts_csv(_found(request, *_asked(request)))
    return csv_response(name="staff.csv", header=header, rows=rows)


@require_POST
@admins
@proved
def staff_links_csv(request: HttpRequest) -> HttpResponseBase:
    """Links for the accounts ticked, or for all of the list, that are active and never logged in."""
    form, words, sort = _asked(request)
    wanted = _found(request, form, words, sort).filter(is_active=True, last_login=None)
    ticked = [int(pk) for pk in request.POST.getlist("account") if pk.isdecimal() and len(pk) < 19]
    if ticked:
        wanted = wanted.filter(pk__in=ticked)
    issued = services.invitations_issue(actor=staff_of(request), accounts=wanted)
    if not issued:
        messages.warning(request, _("All of these have logged in or have left, so there is no link to make."))
        return redirect("staff")
    header = [_("Username"), pgettext("of a person", "Name"), _("E-mail address"), _("Link")]
    rows = (
        [account.username, account.get_full_name(), account.email, _link(request, token)]
        for account, token in issued
    )
    return csv_response(name="invitations.csv", header=header, rows=rows)


@require_http_methods(["GET", "POST"])
@admins
@proved
def staff_new(request: HttpRequest) -> HttpResponse:
    asker = staff_of(request)
    form = StaffForm(request.POST or None, asker=asker)
    if request.method == "POST" and form.is_valid():
        try:
            account = services.staff_invite(actor=asker, **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal.field, str(refusal))
        else:
            _hand_out(request, account)
            return redirect("staff_edit", account.pk)
    return _form_page(request, form, title=_("Invite somebody"))


@require_http_methods(["GET", "POST"])
@admins
@proved
def staff_edit(request: HttpRequest, pk: int) -> HttpResponse:
    asker, account = staff_of(request), _account(request, pk)
    if request.method == "GET":
        form = StaffForm.of(account, asker=asker)
        link = request.session.pop(f"{LINKS}.{pk}", "")
        return _account_page(request, form, account, link=link)
    form = StaffForm(request.POST, asker=asker, account=account)
    if form.is_valid():
        try:
            changed = services.staff_update(actor=asker, staff=account, **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal.field, str(refusal))
        else:
            messages.success(
                request,
                _("Saved. It counts from this person's next click on.") if changed else _("Nothing changed."),
            )
            return redirect("staff_edit", pk)
    return _account_page(request, form, account)


@require_POST
@admins
def staff_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        services.staff_deactivate(actor=staff_of(request), staff=_account(request, pk))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The access has ended; open pages of this account answer no more."))
    return redirect("staff_edit", pk)


@require_POST
@admins
def staff_reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        services.staff_reactivate(actor=staff_of(request), staff=_account(request, pk))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The account is active again, with the password and the scope it had."))
    return redirect("staff_edit", pk)


@require_POST
@admins
@proved
def staff_link(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link to hand over; earlier ones of this account stop working."""
    try:
        _hand_out(request, _account(request, pk))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("staff_edit", pk)


@require_GET
@admins
def staff_store_options(request: HttpRequest) -> HttpResponse:
    """The part of the form that offers stores: those ticked, then those that fit the words."""
    words = asked(request, "find")["find"]
    ticked = [int(pk) for pk in request.GET.getlist("stores") if pk.isdecimal() and len(pk) < 19]
    options = selectors.store_options(staff_of(request), words=words, chosen=ticked)
    context = {"options": options, "chosen": ticked, "words": words}
    return render(request, "organization/_store_options.html", context)


def _asked(request: HttpRequest) -> tuple[StaffFilterForm, str, str]:
    words = asked(request, "q", "sort")
    return StaffFilterForm(request.GET, asker=staff_of(request)), words["q"], words["sort"]


def _found(request: HttpRequest, form: StaffFilterForm, words: str, sort: str) -> QuerySet[Staff]:
    return selectors.accounts(staff_of(request), words=words, sort=sort, **form.wanted())


def _account(request: HttpRequest, pk: int) -> Staff:
    account: Staff = get_object_or_404(selectors.accounts(staff_of(request)), pk=pk)
    return account


def _row(account: Staff) -> dict[str, Any]:
    places = [str(place) for place in (*account.stores.all(), *account.regions.all())]
    return {"account": account, "called": _called(account), "places": places[:2], "more": len(places[2:])}


def _called(account: Staff) -> str:
    return account.get_full_name() or account.username


def _link(request: HttpRequest, token: str) -> str:
    return request.build_absolute_uri(reverse("invitation", args=[token]))


def _hand_out(request: HttpRequest, account: Staff) -> None:
    """Keep a new link for the next page, which shows it once, and send it where there is an address."""
    token = services.invitation_issue(actor=staff_of(request), staff=account)
    link = _link(request, token)
    request.session[f"{LINKS}.{account.pk}"] = link
    if services.invitation_send(staff=account, link=link):
        messages.success(request, _("The link was also sent by e-mail."))
    elif account.email:
        messages.warning(request, _("The link could not be sent by e-mail; hand it over yourself."))


def _account_page(request: HttpRequest, form: StaffForm, account: Staff, **context: Any) -> HttpResponse:
    context |= {"account": account, "has_second_factor": has_second_factor(account)}
    return _form_page(request, form, title=_called(account), **context)


def _form_page(request: HttpRequest, form: StaffForm, **context: Any) -> HttpResponse:
    chosen = form.chosen_stores()
    context |= {
        "form": form,
        "options": selectors.store_options(staff_of(request), words="", chosen=chosen),
        "chosen": chosen,
    }
    return render(request, "organization/staff_form.html", context, status=422 if form.errors else 200)
