"""My account: password, second factor, and where one is logged in."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from organization import selectors
from organization.access import roles, staff_of
from organization.account.adapters import has_second_factor
from organization.models import Role, Staff
from organization.services import audit, second_factor_reset, session_end, sessions_end

everybody = roles(*Role)


@require_GET
@everybody
def account(request: HttpRequest) -> HttpResponse:
    staff = staff_of(request)
    context = {
        "title": _("My account"),
        "has_second_factor": has_second_factor(staff),
        "session_count": len(selectors.sessions(staff)),
    }
    return render(request, "account/account.html", context)


@require_GET
@everybody
def sessions(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("Where you are logged in"),
        "sessions": selectors.sessions(staff_of(request), current=request.session.session_key or ""),
    }
    return render(request, "account/sessions.html", context)


@require_POST
@everybody
def session_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    if not session_end(pk=pk, actor=staff_of(request)):
        raise Http404
    return redirect("sessions")


@require_POST
@everybody
def sessions_revoke(request: HttpRequest) -> HttpResponse:
    staff = staff_of(request)
    count = sessions_end(staff=staff, actor=staff, keep=request.session.session_key or "")
    done = ngettext("%(count)d other session has ended.", "%(count)d other sessions have ended.", count)
    messages.success(request, done % {"count": count})
    return redirect("sessions")


class Recorded:
    """A form whose act and its line in the trail are committed together, or neither.

    Two of allauth's three signals come only after the commit, where a fault would lose the line.
    """

    code: str
    request: HttpRequest

    def form_valid(self, form: Any) -> HttpResponse:
        staff = staff_of(self.request)
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]
            audit(actor=staff, code=self.code, on=staff)
        return answer


class OffView(Recorded, DeactivateTOTPView):
    code = "staff.second_factor_off"


class NewCodesView(Recorded, GenerateRecoveryCodesView):
    code = "staff.recovery_codes_renewed"


class SetUpView(Recorded, ActivateTOTPView):
    code = "staff.second_factor_on"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        context: dict[str, object] = super().get_context_data(**kwargs)
        context["title"] = _("Set up the second factor")
        return context


@require_POST
@roles(Role.ADMIN)
@reauthentication_required(app="organization")  # type: ignore[untyped-decorator]
def staff_second_factor_reset(request: HttpRequest, pk: int) -> HttpResponseBase:
    # unscoped: every admin may see every account.
    staff = get_object_or_404(Staff, pk=pk)
    if second_factor_reset(staff=staff, actor=staff_of(request)):
        messages.success(request, _("The second factor of %(name)s is off.") % {"name": staff.get_username()})
    else:
        messages.warning(request, _("%(name)s has no second factor.") % {"name": staff.get_username()})
    return redirect("staff_edit", pk)
