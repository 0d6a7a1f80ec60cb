"""Too little right is 403; what a person may not see at all is 404, through `visible_to`."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from organization.models import Role, Staff

View = Callable[..., HttpResponseBase]


def staff_of(request: HttpRequest) -> Staff:
    """The person logged in; every view but log-in has one (LoginRequiredMiddleware)."""
    return cast(Staff, request.user)


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
