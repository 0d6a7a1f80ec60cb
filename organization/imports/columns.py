"""Declared columns: which header names mean what, and how one cell becomes a value.

A cleaner takes the stripped text of a non-empty cell and returns a value or raises `BadCell` with
a sentence. Cleaners are pure, so that callers may run them once per distinct text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# A row that sums up others says so where it should name what it is about.
TOTALS = ("合计", "总计", "小计", "total", "subtotal", "grand total")


class BadCell(ValueError):
    """The sentence says what is wrong with the value."""


@dataclass(frozen=True)
class Column:
    name: str
    label: Promise
    aliases: tuple[str, ...]
    required: bool = False
    holds: str = ""  # number, day, moment or time, where its texts are made plain
    digits: int = 2  # decimals of a number that can be stored
    # The few values it can hold, and what they mean: a file that writes others can be translated.
    choices: tuple[tuple[str, Promise], ...] = ()


def match_header(header: list[str], columns: tuple[Column, ...]) -> tuple[dict[str, int], list[str]]:
    """Positions of the declared columns in a header, and the header names nobody uses.

    Where two titles mean the same column, the one declared first is taken.
    """
    places = {plain_title(title): position for position, title in reversed(list(enumerate(header)))}
    positions: dict[str, int] = {}
    for column in columns:
        known = [
            places[plain] for plain in map(plain_title, (column.name, *column.aliases)) if plain in places
        ]
        if known:
            positions[column.name] = known[0]
    used = set(positions.values())
    return positions, [title[:60] for position, title in enumerate(header) if position not in used]


def plain_title(title: str) -> str:
    """A title without what does not tell titles apart."""
    return re.sub(r"[\s_\-]", "", title).lower()


def text(limit: int) -> Callable[[str], str]:
    def clean(cell: str) -> str:
        if len(cell) > limit:
            raise BadCell(_("This is longer than %(limit)s characters.") % {"limit": limit})
        return cell

    return clean


def choice(values: Mapping[str, Any]) -> Callable[[str], Any]:
    def clean(cell: str) -> Any:
        try:
            return values[cell.lower()]
        except KeyError:
            known = ", ".join(list(values)[:8])
            raise BadCell(_("This is none of the known values: %(known)s.") % {"known": known}) from None

    return clean


FLAGS = {"1": True, "0": False, "是": True, "否": False, "y": True, "n": False, "yes": True, "no": False,
         "true": True, "false": False}  # fmt: skip
flag = choice(FLAGS)
YES_NO = (("1", gettext_lazy("yes")), ("0", gettext_lazy("no")))


LONGEST_NUMBER = LONGEST_MOMENT = 40
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)")


def number(cell: str) -> Decimal:
    if not NUMBER.fullmatch(cell):
        raise BadCell(_("This is not a number."))
    if len(cell) > LONGEST_NUMBER:  # Python rounds, or gives up, where there are too many digits.
        raise BadCell(_("This is longer than %(limit)s characters.") % {"limit": LONGEST_NUMBER})
    value = Decimal(cell)
    if abs(value) >= 10_000_000:
        raise BadCell(_("This number is too large."))
    return value


def exact(digits: int, *, below: int = 10_000_000) -> Callable[[str], Decimal]:
    """A number that the database keeps as it is, with `digits` decimals at most."""

    def clean(cell: str) -> Decimal:
        value = number(cell)
        if abs(value) >= below:
            raise BadCell(_("This number is too large."))
        scaled = value.scaleb(digits)
        if scaled != scaled.to_integral_value():
            raise BadCell(_("This has more than %(n)s decimals.") % {"n": digits})
        return value

    return clean


def scaled(digits: int) -> Callable[[str], int]:
    """A number as an integer of 10^-digits: money in cents, quantities in thousandths."""
    value = exact(digits)
    return lambda cell: int(value(cell).scaleb(digits))


def whole(low: int, high: int) -> Callable[[str], int]:
    def clean(cell: str) -> int:
        value = number(cell)
        if value != value.to_integral_value() or not low <= value <= high:
            raise BadCell(
                _("This is not a whole number from %(low)s to %(high)s.") % {"low": low, "high": high}
            )
        return int(value)

    return clean


_DAY = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))")
_TIME = re.compile(r"(\d{1,2}):?(\d{2})(?::?(\d{2})(?:\.\d+)?)?")


def day(cell: str) -> date:
    parts = _DAY.fullmatch(cell)
    try:
        if parts:
            year, _mark, *found = parts.groups()
            month, of_month = (int(part) for part in found if part)
            return date(int(year), month, of_month)
    except ValueError:
        pass
    raise BadCell(_("This is not a date such as 2026-03-05 or 20260305."))


def seconds(cell: str) -> int:
    """Seconds since midnight of a time such as 8:05:09, 08:05 or 080509."""
    parts = _TIME.fullmatch(cell)
    if parts:
        hour, minute, second = int(parts[1]), int(parts[2]), int(parts[3] or 0)
        if hour < 24 and minute < 60 and second < 60:
            return hour * 3600 + minute * 60 + second
    raise BadCell(_("This is not a time such as 08:05:09."))


def moment(cell: str) -> datetime:
    """A local date and time, without a zone; a bare date is its midnight."""
    # The expression goes back over what it is given: only over something short.
    short = cell if len(cell) <= LONGEST_MOMENT else ""
    parts = re.fullmatch(r"(\d{8})(\d{6})|(\S+?)(?:[T ]+(\S+))?", short)
    if not parts:
        raise BadCell(_("This is not a date and time such as 2026-03-05 08:05:09."))
    of_day, of_time = parts[1] or parts[3], parts[2] or parts[4]
    midnight = datetime.combine(day(of_day), datetime.min.time())
    at = seconds(of_time) if of_time else 0
    return midnight.replace(hour=at // 3600, minute=at // 60 % 60, second=at % 60)
