"""What is asked of every request of somebody logged in."""

import time
from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from organization.access import staff_of
from organization.account.adapters import has_second_factor
from organization.models import Role

Answer = Callable[[HttpRequest], HttpResponse]
SEEN = "seen_at"
WANTED = "wanted"  # What an admin asked for who was led to the set-up; the recovery codes lead on to it.
SEEN_EVERY_SECONDS = 600
# What an admin without a second factor may open: the way to one, and the way out.
OPEN = {
    "mfa_activate_totp",
    "account_reauthenticate",
    "login",
    "logout",
    "set_language",
}


class LoggedInMiddleware(LoginRequiredMiddleware):
    """Sends strangers to the log-in. A part of a page, asked for after the session has ended, has the
    whole page loaded again instead: else the log-in would stand where the part was."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponse:  # type: ignore[override]
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponseClientRefresh()
        return super().handle_no_permission(request, view_func)


def keep_session_alive(get_response: Answer) -> Answer:
    """A session ends 12 hours after the last visit; noted at most every ten minutes, for it is a write."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and time.time() - request.session.get(SEEN, 0) > SEEN_EVERY_SECONDS:
            request.session[SEEN] = time.time()
            UserSession.objects.create_from_request(request)
        return get_response(request)

    return answer


def must_set_up_second_factor(request: HttpRequest) -> bool:
    """An admin who has none, outside the demo."""
    if not settings.MFA_REQUIRED or settings.DEMO_LOGINS or not request.user.is_authenticated:
        return False
    staff = staff_of(request)
    return staff.role == Role.ADMIN and not has_second_factor(staff)


class SecondFactorMiddleware:
    """Leads an admin without a second factor to the page that sets one up, whatever was asked for."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        must = request.must_set_up_second_factor = must_set_up_second_factor(request)  # type: ignore[attr-defined]
        match = request.resolver_match
        if not must or (match and match.view_name in OPEN):
            return None
        address = reverse("mfa_activate_totp")
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(address)
        if request.method == "GET":
            request.session[WANTED] = request.get_full_path()
        return HttpResponseRedirect(address)
