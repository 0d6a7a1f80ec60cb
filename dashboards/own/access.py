"""Who may open a member's own page: whoever holds the signed link, and nobody learns who else could.

A link that was never made, is forged, over, revoked, or of somebody erased gets one and the same
answer for the same work: one signature per key in use, one query.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.decorators import decorator_from_middleware
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from dashboards.own.misses import is_over_the_limit, miss_count
from members.models import Member
from members.selectors import member_of_link

Parameters = ParamSpec("Parameters")
OwnView = Callable[Concatenate[HttpRequest, Member, Parameters], HttpResponse]
View = Callable[..., HttpResponseBase]


class _OwnCsrf(CsrfViewMiddleware):
    """From a page that sends no referrer a browser posts with the origin "null".

    That says nothing of where the form was, so that cookie and form have to agree as ever.
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        return request.META["HTTP_ORIGIN"] == "null" or bool(super()._origin_verified(request))  # type: ignore[misc]

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return sentence(
            request,
            status=403,
            title=_("That did not work"),
            text=_("Please go back, load the page again and repeat it. Cookies must be allowed."),
        )


_csrf_checked = decorator_from_middleware(_OwnCsrf)


def own_page(view: OwnView[Parameters]) -> View:
    """The view gets the member whose link it is; its token stays in the address."""

    @wraps(view)
    def answer(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        if is_over_the_limit(request):
            return _too_often(request)
        member = member_of_link(token, at=timezone.now())
        if member is None:
            return missed(request)
        request.own_token = token  # type: ignore[attr-defined]
        try:
            return view(request, member, **kwargs)  # type: ignore[call-arg]
        except Member.DoesNotExist:  # Erased a moment ago.
            return missed(request)

    checked = _csrf_checked(answer)

    @wraps(view)
    def sealed(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponseBase:
        _speak_as_the_browser(request)
        return _sealed(checked(request, token=token, **kwargs))

    return login_not_required(csrf_exempt(sealed))


def missed(request: HttpRequest) -> HttpResponse:
    """The only answer to a link that opens nothing."""
    miss_count(request)
    return sentence(
        request,
        status=404,
        title=_("This link does not work"),
        text=_("Links are valid for a few days only. Ask for a new one at the counter."),
    )


def _speak_as_the_browser(request: HttpRequest) -> None:
    """Pages of staff are in the company's language until one is chosen; a member's are in the own."""
    if request.headers.get("Accept-Language"):
        translation.activate(translation.get_language_from_request(request))
        request.LANGUAGE_CODE = translation.get_language()


def _too_often(request: HttpRequest) -> HttpResponse:
    return sentence(
        request,
        status=429,
        title=_("Too many tries"),
        text=_("Please wait ten minutes, then open your link again."),
    )


def sentence(request: HttpRequest, *, status: int, title: str, text: str) -> HttpResponse:
    return render(request, "own/sentence.html", {"title": title, "text": text}, status=status)


def _sealed(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
