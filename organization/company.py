"""Which company this is: `current()` is the row of the set-up, or what the environment says."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from organization.keeping import KeptRows
from organization.models import Company

ROW: KeptRows[Company | None] = KeptRows(lambda: Company.objects.first())


def current() -> Company:
    return saved() or Company(
        sender_name=settings.SENDER_NAME,
        time_zone=settings.TIME_ZONE,
        language=settings.LANGUAGE_CODE,
        currency_sign=settings.CURRENCY_SIGN,
        minimum_age=settings.MINIMUM_AGE,
    )


def saved() -> Company | None:
    """The row, if the set-up has written one."""
    return ROW.get()


def zone() -> ZoneInfo:
    return ZoneInfo(current().time_zone)


def currency_sign() -> str:
    return current().currency_sign


def local_time(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a page's days are the company's, and its language is until somebody chooses one."""

    def answer(request: HttpRequest) -> HttpResponse:
        timezone.activate(zone())
        company = saved()
        if company and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(company.language)
            request.LANGUAGE_CODE = company.language
        return get_response(request)

    return answer
