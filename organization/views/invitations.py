"""Where an invitation leads: choose a password. A dead link gets one answer, whatever it died of."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from organization.forms import PasswordForm
from organization.services import invitation_accept, invitation_staff

TOKEN = "invitation"  # In the session of the visitor.


@login_not_required
@require_GET
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address, so that it stays in no history and no log of the next page."""
    if invitation_staff(token) is None:
        return _dead(request)
    request.session[TOKEN] = token
    return _unreferred(redirect("invitation_password"))


@login_not_required
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
@never_cache
def invitation_password(request: HttpRequest) -> HttpResponse:
    token = request.session.get(TOKEN, "")
    staff = invitation_staff(token)
    if staff is None:
        return _dead(request)
    form = PasswordForm(staff, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "username": staff.username, "nav": ()}
        status = 422 if form.errors else 200
        return render(request, "organization/invitation.html", context, status=status)
    if not invitation_accept(token=token, password=form.cleaned_data["new_password1"]):
        return _dead(request)
    logout(request)  # Whoever was logged in here, and the token with them.
    messages.success(request, _("Your password is set. Log in with it."))
    return redirect("login")


def _dead(request: HttpRequest) -> HttpResponse:
    return _unreferred(render(request, "organization/invitation_dead.html", {"nav": ()}, status=404))


def _unreferred(response: HttpResponse) -> HttpResponse:
    """No page learns that a browser came by an invitation.

    The form itself has no token in its address, and keeps the policy of other pages: from a page with
    no-referrer a browser sends no origin, and the form would be refused as forged.
    """
    response["Referrer-Policy"] = "no-referrer"
    return response
