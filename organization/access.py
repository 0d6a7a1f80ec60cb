"""Too little right is 403; what a person may not see at all is 404, through `visible_to`."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import add_never_cache_headers

from organization.models import Role, Staff

View = Callable[..., HttpResponseBase]


def staff_of(request: HttpRequest) -> Staff:
    """The person logged in; every view but log-in has one (LoggedInMiddleware)."""
    return cast(Staff, request.user)


def asked(request: HttpRequest, *names: str) -> dict[str, str]:
    """What an address asks for, "" where it does not say; zero bytes, which no column holds, are cut."""
    return {name: request.GET.get(name, "").replace("\0", "") for name in names}


def private_pages(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: no page stays in a browser or a proxy; who is a stranger gets tokens of forms too."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated or not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return answer


def roles(*allowed: Role) -> Callable[[View], View]:
    """Only these roles may call the view."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if staff_of(request).role not in allowed:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return checked

    return decorate
