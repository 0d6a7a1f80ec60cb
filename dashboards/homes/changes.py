"""What changed on the last day: in a sentence, and hour by hour."""

from datetime import date, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboards.campaigns.words import money, percent
from dashboards.charts import Chart, ChartRow, hourly
from dashboards.homes.indicators import hours_apart, ratio
from dashboards.homes.selectors import DayByHour, DaySums
from dashboards.homes.words import count, hours, sentences, short_day, weekday

# A change of sales below this share is none worth a word.
WORTH_A_WORD = 0.02


def question(day: date) -> str:
    if day == timezone.localdate() - timedelta(days=1):
        return _("What changed yesterday?")
    return _("What changed on %(day)s?") % {"day": short_day(day)}


def answer(days: dict[date, DaySums], day: date, by_hour: DayByHour) -> str:
    sales = ratio(days, day, of=lambda sums: sums.sales, by=lambda _sums: 1)
    words = {"sales": money(float(days[day].sales)), "weekday": weekday(day)}
    if sales.change is None or sales.usual is None or sales.usual <= 0:
        return _("%(sales)s. There is no earlier %(weekday)s to compare with yet.") % words
    share = sales.change / sales.usual
    words["percent"] = percent(abs(share))
    if abs(share) < WORTH_A_WORD:
        return _("%(sales)s, about as on a usual %(weekday)s.") % words
    if share < 0:
        first = _("%(sales)s, %(percent)s below a usual %(weekday)s.") % words
    else:
        first = _("%(sales)s, %(percent)s above a usual %(weekday)s.") % words
    return sentences(first, _ticket_in_words(days, day, share) or _hours_in_words(by_hour))


def _ticket_in_words(days: dict[date, DaySums], day: date, sales_share: float) -> str:
    """That receipts were larger or smaller, where that explains more than their number."""
    receipts = ratio(days, day, of=lambda sums: sums.receipts, by=lambda _sums: 1)
    ticket = ratio(days, day, of=lambda sums: sums.sales, by=lambda sums: sums.receipts)
    if not receipts.usual or receipts.change is None or ticket.value is None or ticket.usual is None:
        return ""
    if receipts.change / receipts.usual / sales_share > 1 / 2:
        return ""
    number = days[day].receipts
    words = {"n": count(number), "ticket": money(ticket.value), "usual": money(ticket.usual)}
    less = ngettext(
        "Less on the %(n)s receipt: %(ticket)s instead of %(usual)s.",
        "Less on each of the %(n)s receipts: %(ticket)s instead of %(usual)s.",
        number,
    )
    more = ngettext(
        "More on the %(n)s receipt: %(ticket)s instead of %(usual)s.",
        "More on each of the %(n)s receipts: %(ticket)s instead of %(usual)s.",
        number,
    )
    return (less if sales_share < 0 else more) % words


def chart(day: date, by_hour: DayByHour) -> Chart:
    named, change = hours_apart(by_hour.hours, by_hour.receipts, by_hour.usual)
    words = {"day": short_day(day), "weekday": weekday(day)}
    labels = {
        "yesterday": date_format(day, "MONTH_DAY_FORMAT"),
        "usual": _("usual %(weekday)s") % words,
        "unit": _("receipts per hour"),
    }
    return Chart(
        id="hours",
        figure=hourly(
            by_hour.hours,
            by_hour.receipts,
            by_hour.usual,
            labels=labels,
            # Red says fewer; hours with more than usual are named in the text only.
            marked=named if change < 0 else (),
        ),
        alt=_("Receipts per hour on %(day)s, against the usual %(weekday)s.") % words,
        columns=[_("Hour"), labels["yesterday"], labels["usual"]],
        rows=_rows(by_hour),
    )


def _rows(by_hour: DayByHour) -> list[ChartRow]:
    rows = zip(by_hour.hours, by_hour.receipts, by_hour.usual, strict=True)
    return [
        ChartRow(cells=[f"{hour % 24:02d}:00", count(seen), f"{usual:.1f}"]) for hour, seen, usual in rows
    ]


def _hours_in_words(by_hour: DayByHour) -> str:
    named, change = hours_apart(by_hour.hours, by_hour.receipts, by_hour.usual)
    if not named:
        return _("No hour stands out from what varies anyway.")
    number = round(abs(change))
    words = {"hours": hours(named), "n": count(number)}
    if change < 0:
        return ngettext("%(hours)s: %(n)s receipt fewer.", "%(hours)s: %(n)s receipts fewer.", number) % words
    return ngettext("%(hours)s: %(n)s receipt more.", "%(hours)s: %(n)s receipts more.", number) % words
