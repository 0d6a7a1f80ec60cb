"""How the homes write days, amounts and changes."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from dashboards.campaigns.words import money

WEEKDAYS = (
    pgettext_lazy("weekday", "Monday"),
    pgettext_lazy("weekday", "Tuesday"),
    pgettext_lazy("weekday", "Wednesday"),
    pgettext_lazy("weekday", "Thursday"),
    pgettext_lazy("weekday", "Friday"),
    pgettext_lazy("weekday", "Saturday"),
    pgettext_lazy("weekday", "Sunday"),
)
NOON, EVENING = 12, 18


def weekday(day: date) -> str:
    return str(WEEKDAYS[day.weekday()])


def full_day(day: date) -> str:
    """As in "Friday 20 November 2026"."""
    words = {"weekday": weekday(day), "date": date_format(day)}
    return pgettext("a day", "%(weekday)s %(date)s") % words


def short_day(day: date) -> str:
    """As in "Friday 20 November"."""
    words = {"weekday": weekday(day), "date": date_format(day, "MONTH_DAY_FORMAT")}
    return pgettext("a day", "%(weekday)s %(date)s") % words


def as_of_line(day: date, published_at: datetime | None, receipts: int) -> str:
    """The day the figures are about, when they were worked out, and from how much."""
    text = ngettext(
        "%(day)s · worked out at %(time)s · %(n)s receipt",
        "%(day)s · worked out at %(time)s · %(n)s receipts",
        receipts,
    )
    return text % {"day": full_day(day), "time": _moment(published_at), "n": count(receipts)}


def late_note(day: date, as_of: date) -> str:
    """That the last night found no receipts of its day; empty where it did."""
    if day >= as_of:
        return ""
    words = {"day": short_day(day), "as_of": short_day(as_of)}
    return _("No receipts of %(as_of)s have arrived. These are the figures of %(day)s.") % words


def _moment(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "H:i") if moment else ""


def greeting(now: datetime, name: str) -> str:
    if now.hour < NOON:
        return _("Good morning, %(name)s") % {"name": name}
    if now.hour < EVENING:
        return _("Good afternoon, %(name)s") % {"name": name}
    return _("Good evening, %(name)s") % {"name": name}


def count(number: int | Decimal) -> str:
    return str(number_format(number, 0, force_grouping=True))


def points_change(change: float) -> str:
    """A change of a share, in percentage points."""
    return _("%(change)s pt") % {"change": sign(change) + str(number_format(round(abs(100 * change), 1), 1))}


def money_change(change: float) -> str:
    return sign(change) + money(abs(change), 2)


def count_change(change: float) -> str:
    return sign(change) + count(round(abs(change)))


def sign(change: float) -> str:
    return "−" if change < 0 else "+"


def hours(numbers: Collection[int]) -> str:
    """Hours as spans, as in "08:00–10:00, 18:00–21:00"; an hour above 23 is after midnight."""
    spans: list[list[int]] = []
    for hour in sorted(numbers):
        if spans and spans[-1][1] == hour:
            spans[-1][1] = hour + 1
        else:
            spans.append([hour, hour + 1])
    return _(", ").join(f"{first % 24:02d}:00–{last % 24:02d}:00" for first, last in spans)


def sentences(first: str, second: str) -> str:
    """Two sentences after each other; some scripts put no space between them."""
    return pgettext("two sentences", "%(first)s %(second)s") % {"first": first, "second": second}
