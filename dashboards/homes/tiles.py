"""The tiles at the top of a home."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from dashboards.campaigns.words import money, percent
from dashboards.charts import spark_points
from dashboards.homes.indicators import Indicator, ratio
from dashboards.homes.selectors import DaySums
from dashboards.homes.words import count, count_change, money_change, points_change, weekday

Written = Callable[[float], str]
NONE = "–"


@dataclass(frozen=True, kw_only=True)
class Tile:
    name: str
    value: str
    note: str
    delta: str = ""
    tone: str = ""
    points: str = ""
    url: str = ""


def day_tile(
    name: str, indicator: Indicator, *, value: Written, change: Written, day: date, url: str = ""
) -> Tile:
    """An indicator of the day with its change against the usual weekday; more is better."""
    tone, delta = "", ""
    note = _("no earlier %(weekday)s to compare with") % {"weekday": weekday(day)}
    if indicator.change is not None:
        delta = change(indicator.change)
        # The change as it is written decides the colour: a rounded nought is neither.
        if any(digit in delta for digit in "123456789"):
            tone = "good" if indicator.change > 0 else "bad"
        note = _("vs usual %(weekday)s") % {"weekday": weekday(day)}
    return Tile(
        name=name,
        value=NONE if indicator.value is None else value(indicator.value),
        delta=delta,
        tone=tone,
        note=note,
        points=spark_points(indicator.history),
        url=url,
    )


def repeat_rate(days: dict[date, DaySums], day: date) -> Tile:
    indicator = ratio(days, day, of=lambda sums: sums.repeat_buyers, by=lambda sums: sums.buyers)
    return day_tile(_("Repeat-purchase rate"), indicator, value=_share, change=points_change, day=day)


def member_ticket(days: dict[date, DaySums], day: date) -> Tile:
    indicator = ratio(days, day, of=lambda sums: sums.member_sales, by=lambda sums: sums.member_receipts)
    return day_tile(_("Member ticket"), indicator, value=_cents, change=money_change, day=day)


def member_share(days: dict[date, DaySums], day: date) -> Tile:
    indicator = ratio(days, day, of=lambda sums: sums.member_sales, by=lambda sums: sums.sales)
    return day_tile(_("Member share of sales"), indicator, value=_share, change=points_change, day=day)


def receipts(days: dict[date, DaySums], day: date) -> Tile:
    indicator = ratio(days, day, of=lambda sums: sums.receipts, by=lambda _sums: 1)
    return day_tile(_("Receipts"), indicator, value=_whole, change=count_change, day=day)


def active_members(days: dict[date, DaySums], day: date, *, url: str) -> Tile:
    """Of one store; of several only the range, since who buys in two would count twice."""
    name = _("Active members, 30 days")
    sums = days[day]
    if max(each.stores for each in days.values()) > 1:
        spread = f"{count(sums.fewest_active)}–{count(sums.most_active)}"
        note = _("per store; never summed, some buy in two")
        return Tile(name=name, value=spread, note=note, url=url)
    indicator = ratio(days, day, of=lambda each: each.most_active, by=lambda _each: 1)
    return day_tile(name, indicator, value=_whole, change=count_change, day=day, url=url)


def _share(share: float) -> str:
    return percent(share, 1)


def _cents(amount: float) -> str:
    return money(amount, 2)


def _whole(number: float) -> str:
    return count(round(number))
