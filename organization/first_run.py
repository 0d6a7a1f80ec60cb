"""The first run: while nobody has an account, every page leads to the set-up, and the set-up asks
for a code that only who runs the machine can read."""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from organization.models import Staff

OPEN_PATHS = ("/setup/", "/language/", "/static/")
SESSION_KEY = "setup_code"
# Whether somebody has an account. Once true it stays so, and is asked no more.
_is_done = False

View = Callable[..., HttpResponseBase]


def is_open() -> bool:
    global _is_done
    _is_done = _is_done or Staff.objects.exists()
    return not _is_done


def code_fits(typed: str) -> bool:
    """Whether this is the code; where none is set, none fits."""
    code = settings.SETUP_CODE.encode()
    return bool(code) and hmac.compare_digest(typed.strip().encode(), code)


def lead_to_setup(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: until somebody has an account, there is only the set-up."""

    def answer(request: HttpRequest) -> HttpResponse:
        if not _is_done and not request.path_info.startswith(OPEN_PATHS) and is_open():
            return redirect("setup")
        return get_response(request)

    return answer


def unclaimed(view: View) -> View:
    """The page is gone once somebody has an account."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_open():
            raise Http404
        return view(request, *args, **kwargs)

    return checked


def with_code(view: View) -> View:
    """A page of the set-up that is still unclaimed, for who has given the code."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.session.get(SESSION_KEY):
            return redirect("setup")
        return view(request, *args, **kwargs)

    return unclaimed(checked)
