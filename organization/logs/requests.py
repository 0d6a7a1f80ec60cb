"""One line for each request: its route, not its address, because addresses may hold tokens and words
somebody searched for; its id, which the tasks it queues carry on; and the id of the account."""

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.core.signals import got_request_exception
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

from organization.access import staff_of

log = structlog.stdlib.get_logger("huiyan.request")
_GIVEN_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def one_line_per_request(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: an id for the request, which its tasks carry on, and a line when it is answered."""

    def answer(request: HttpRequest) -> HttpResponse:
        clear_contextvars()
        request_id = _request_id(request)
        bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        response = get_response(request)
        match = request.resolver_match
        log.info(
            "request",
            method=request.method,
            route=match.view_name if match else None,
            status=response.status_code,
            ms=round(1000 * (time.perf_counter() - began)),
        )
        response["X-Request-ID"] = request_id
        return response

    return answer


def who_asks(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, after authentication: the id of the account, not its name."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            bind_contextvars(staff=staff_of(request).pk)
        return get_response(request)

    return answer


@receiver(got_request_exception)
def request_failed(request: HttpRequest | None = None, **_about: Any) -> None:
    match = request.resolver_match if request else None
    log.error("request failed", route=match.view_name if match else None, exc_info=True)


def _request_id(request: HttpRequest) -> str:
    """The proxy's, where there is one to trust and it is an id; else a new one."""
    given = request.headers.get("X-Request-ID", "")
    return given if settings.HTTPS and _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
