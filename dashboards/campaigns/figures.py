"""The charts of a campaign's page, from its reading."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.analytics.uplift import Range
from campaigns.reading import Reading
from dashboards.campaigns.words import money, percent
from dashboards.charts import Chart, ChartRow, Effect, daily_gap, earnings, effects, funnel
from organization.company import currency_sign

WIDTH_95 = 1.96


def reach_chart(reading: Reading) -> Chart:
    steps = _imported_steps(reading) if not reading.campaign.has_control else _steps(reading)
    return Chart(
        id="reach",
        figure=funnel(steps),
        alt="; ".join(f"{label}: {number_format(n, force_grouping=True)}" for label, n in steps),
        empty=_("Nobody has been chosen yet."),
        columns=[_("Step"), _("Members")],
        rows=[ChartRow(cells=[label, number_format(n, force_grouping=True)]) for label, n in steps],
    )


def _steps(reading: Reading) -> list[tuple[str, int]]:
    reach = reading.reach
    steps = [
        (_("Audience"), reach.found),
        (_("Allowed by policy"), reach.allowed),
        (_("Treated"), reach.treated),
        (_("Delivered"), reach.delivered),
    ]
    if reading.as_of is not None:
        days = reading.days_seen
        label = ngettext("Bought in %(n)d day", "Bought in %(n)d days", days) % {"n": days}
        steps.append((label, reading.arms.treated.buyers))
    return steps


def _imported_steps(reading: Reading) -> list[tuple[str, int]]:
    return [
        (_("Chosen"), reading.reach.treated),
        (_("Bought"), reading.arms.treated.buyers),
        (_("Used a coupon"), reading.reach.redeemed),
    ]


def effects_chart(reading: Reading) -> Chart:
    money_rows = [
        (_("Spend per member, CUPED"), reading.arms.effect),
        (_("Spend per member, plain"), reading.plain_effect),
    ]
    rows = [(label, value) for label, value in money_rows if value is not None]
    texts = [_effect_row(label, value, money(value.estimate, 2)) for label, value in rows]
    bars = [Effect(label, value.estimate, value.low, value.high) for label, value in rows]
    if (share := reading.buyers_effect) is not None:
        points = Range(share.estimate * 100, share.low * 100, share.high * 100)
        label = _("Share who bought (few events)") if share.few_events else _("Share who bought")
        bars.append(Effect(label, points.estimate, points.low, points.high))
        texts.append(_points_row(label, points))
    unit = _("treated − held out, %(sign)s or points") % {"sign": currency_sign()}
    return Chart(
        id="effects",
        figure=effects(bars, unit_label=unit) if reading.may_compare else None,
        alt="; ".join(" ".join(row.cells) for row in texts),
        empty=_("There is nothing to compare."),
        columns=[_("Measure"), _("Difference"), _("Interval, 95%")],
        rows=texts,
    )


def _effect_row(label: str, value: Range, estimate: str) -> ChartRow:
    return ChartRow(cells=[label, estimate, f"{money(value.low, 2)} … {money(value.high, 2)}"])


def _points_row(label: str, points: Range) -> ChartRow:
    values = (points.low, points.estimate, points.high)
    low, estimate, high = (f"{value:+.1f}".replace("-", "−") for value in values)
    return ChartRow(cells=[label, estimate, f"{low} … {high}"])


def earnings_chart(reading: Reading) -> Chart:
    steps = _earning_steps(reading)
    profit = sum(amount for _label, amount in steps)
    rows = [*steps, (_("Profit"), profit)]
    figure = earnings(steps, total_label=_("Profit"), currency=currency_sign()) if steps else None
    return Chart(
        id="earnings",
        figure=figure,
        alt="; ".join(f"{label}: {money(amount)}" for label, amount in rows),
        empty=_("Shown once there is an effect and a margin to count with."),
        columns=[_("Step"), currency_sign()],
        rows=[ChartRow(cells=[label, money(amount)]) for label, amount in rows],
    )


def _earning_steps(reading: Reading) -> list[tuple[str, float]]:
    if reading.earnings is None or reading.margin is None:
        return []
    revenue = reading.earnings.revenue.estimate
    steps = [
        (_("Extra sales"), revenue),
        (_("Cost of goods"), -revenue * (1 - reading.margin.share)),
        (_("Messages"), -reading.message_cost),
        (_("Fixed cost"), -reading.fixed_cost),
    ]
    return [steps[0], *((label, amount) for label, amount in steps[1:] if amount)]


def daily_chart(reading: Reading) -> Chart:
    daily = reading.daily if reading.may_compare else []
    days = [point["day"] for point in daily]
    gap = [(point["treated"] - point["held"]) / 100 for point in daily]
    reach = [WIDTH_95 * point["se"] / 100 for point in daily]
    labels = {"day": _("days from start"), "gap": _("treated − held out, per member")}
    low = [middle - wide for middle, wide in zip(gap, reach, strict=True)]
    high = [middle + wide for middle, wide in zip(gap, reach, strict=True)]
    return Chart(
        id="daily",
        figure=daily_gap(days, gap, low, high, labels=labels, currency=currency_sign()),
        alt=_daily_text(days, gap),
        empty=_daily_empty(reading),
        columns=[_("Day"), _("Gap")],
        rows=[ChartRow(cells=[f"{day:+d}", money(value, 2)]) for day, value in zip(days, gap, strict=True)][
            -1::-7
        ],
    )


def _daily_empty(reading: Reading) -> str:
    if reading.in_part:
        return _("Drawn only for people who see every store of the campaign.")
    return _("Drawn after the first nightly run that sees both groups.")


def _daily_text(days: list[int], gap: list[float]) -> str:
    if not days:
        return ""
    first, last = f"{days[0]:+d}".replace("-", "−"), f"{days[-1]:+d}"
    return _("Gap %(before)s on day %(first)s, %(after)s on day %(last)s") % {
        "before": money(gap[0], 2),
        "after": money(gap[-1], 2),
        "first": first,
        "last": last,
    }


def reach_answer(reading: Reading) -> str:
    reach = reading.reach
    if not reading.campaign.has_control:
        return _("Nobody was held out.")
    removed = reach.found - reach.allowed
    return _("%(removed)s of %(found)s were removed by policy before anyone was drawn.") % {
        "removed": number_format(removed, force_grouping=True),
        "found": number_format(reach.found, force_grouping=True),
    }


def margin_answer(reading: Reading) -> str:
    margin = reading.margin
    if margin is None:
        return _("No margin is known: no line holds a buy price and none was configured.")
    share = percent(margin.share)
    if margin.is_measured:
        return _("Margin %(share)s, measured from the buy prices of the treated members' purchases.") % {
            "share": share
        }
    return _("Margin %(share)s, as configured: the lines hold no buy prices.") % {"share": share}
