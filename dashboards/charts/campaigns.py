"""Figures about what a campaign did."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, SupportsFloat

from .figure import (
    ACCENT,
    ACCENT_BAND,
    GAIN,
    INK,
    LINE,
    LOSS,
    Figure,
    axis,
    figure,
    numbers,
    plain,
    signed,
    unit,
    wrapped,
)

FUNNEL_ROW, EFFECT_ROW = 38, 46
RULE = {"type": "line", "line": {"color": INK, "width": 1}}


class Effect(NamedTuple):
    """A difference between the arms with its interval, all in one unit."""

    label: str
    estimate: SupportsFloat
    low: SupportsFloat
    high: SupportsFloat


def funnel(steps: Sequence[tuple[str, int]], *, urls: Sequence[str] = ()) -> Figure | None:
    """Members left at each step, the first the widest; None where the first step is empty."""
    if not steps or not steps[0][1]:
        return None
    counts = [int(count) for _, count in steps]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": counts,
        "y": list(range(len(steps))),
        "marker": {"color": ACCENT, "opacity": _fading_in(len(steps))},
        "text": [f"{count:,}" for count in counts],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertext": [f"{plain(label)}: {count:,} ({count / counts[0]:.0%})" for label, count in steps],
        "hoverinfo": "text",
    }
    if urls:
        bars["customdata"] = list(urls)
    return figure(
        [bars],
        height=FUNNEL_ROW * len(steps) + 16,
        xaxis=axis(visible=False, range=[0, max(counts)]),
        yaxis=axis(
            autorange="reversed",
            showgrid=False,
            tickvals=list(range(len(steps))),
            ticktext=[wrapped(label, 18) for label, _ in steps],
        ),
        margin={"b": 4, "l": 4, "r": 56, "t": 4},
        hovermode="closest",
    )


def _fading_in(steps: int) -> list[float]:
    return [round(0.35 + 0.65 * step / max(steps - 1, 1), 3) for step in range(steps)]


def effects(rows: Sequence[Effect | tuple[str, float, float, float]], *, unit_label: str) -> Figure | None:
    """Differences with their intervals against a line at zero; the first row is the primary measure."""
    known = [row for row in map(Effect._make, rows) if None not in numbers(row[1:])]
    if not known:
        return None
    sizes = [13] + [8] * (len(known) - 1)
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [float(row.estimate) for row in known],
        "y": list(range(len(known))),
        "marker": {
            "color": ACCENT,
            "line": {"width": 0},
            "opacity": 1,
            "size": sizes,
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [float(row.high) - float(row.estimate) for row in known],
            "arrayminus": [float(row.estimate) - float(row.low) for row in known],
            "color": ACCENT,
            "thickness": 2,
            "width": 0,
        },
        "hovertext": [_interval(row) for row in known],
        "hoverinfo": "text",
    }
    return figure(
        [points],
        height=EFFECT_ROW * len(known) + 52,
        xaxis=axis(title=unit_label, nticks=6),
        yaxis=axis(
            range=[len(known) - 0.5, -0.5],
            showgrid=False,
            showline=False,
            tickvals=list(range(len(known))),
            ticktext=[wrapped(row.label, 17) for row in known],
        ),
        shapes=[RULE | {"xref": "x", "yref": "paper", "x0": 0, "x1": 0, "y0": 0, "y1": 1}],
        hovermode="closest",
    )


def _interval(row: Effect) -> str:
    estimate, low, high = (signed(float(value), "{:,.2f}") for value in row[1:])
    return f"{plain(row.label)}<br>{estimate} ({low} … {high})"


def earnings(steps: Sequence[tuple[str, SupportsFloat]], *, total_label: str, currency: str) -> Figure | None:
    """From extra sales down to profit: each step's amount (costs negative), and their sum last."""
    amounts = [float(amount) for _, amount in steps]
    if not any(amounts):
        return None
    total = sum(amounts)
    peaks = [sum(amounts[: at + 1]) for at in range(len(amounts))]
    low, high = min(0, *peaks, total), max(0, *peaks, total)
    room = (high - low) * 0.14
    bars = {
        "type": "waterfall",
        "x": list(range(len(steps) + 1)),
        "y": [*amounts, 0],
        "measure": ["relative"] * len(steps) + ["total"],
        "connector": {"line": {"color": LINE, "width": 1}},
        "increasing": {"marker": {"color": GAIN}},
        "decreasing": {"marker": {"color": LOSS}},
        "totals": {"marker": {"color": ACCENT}},
        "text": [plain(signed(amount, currency + "{:,.0f}")) for amount in (*amounts, total)],
        "textposition": "outside",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    return figure(
        [bars],
        height=270,
        xaxis=axis(
            showgrid=False,
            tickvals=list(range(len(steps) + 1)),
            ticktext=[wrapped(label, 10) for label in (*(label for label, _ in steps), total_label)],
            tickfont={"color": "var(--ink-2)", "size": 11.5},
        ),
        yaxis=axis(visible=False, range=[low - room, high + room]),
        shapes=[RULE | {"xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": 0, "y1": 0}],
    )


def daily_gap(
    days: Sequence[int],
    gap: Sequence[SupportsFloat | None],
    low: Sequence[SupportsFloat | None],
    high: Sequence[SupportsFloat | None],
    *,
    labels: Mapping[str, str],
    currency: str,
) -> Figure | None:
    """Running difference between the arms by day from the start (day 0), with its interval.

    `labels`: "day" and "gap". A day without an interval is left out. None where no day has one.
    """
    series = zip(days, numbers(gap), numbers(low), numbers(high), strict=True)
    rows = [(day, y, below, above) for day, y, below, above in series if None not in (y, below, above)]
    if not rows:
        return None
    x, middle, bottom, top = (list(column) for column in zip(*rows, strict=True))
    edge = {"type": "scatter", "mode": "lines", "x": x, "line": {"width": 0}, "hoverinfo": "skip"}
    line: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": middle,
        "line": {"color": ACCENT, "width": 2.4},
        "hovertext": [_day_text(*row, currency=currency) for row in rows],
        "hoverinfo": "text",
    }
    start = RULE | {"xref": "x", "yref": "paper", "x0": -0.5, "x1": -0.5, "y0": 0, "y1": 1}
    return figure(
        [edge | {"y": bottom}, edge | {"y": top, "fill": "tonexty", "fillcolor": ACCENT_BAND}, line],
        height=270,
        xaxis=axis(title=labels["day"], showgrid=False, nticks=7),
        yaxis=axis(nticks=6),
        title=unit(f"{labels['gap']}, {currency}"),
        margin={"b": 4, "l": 4, "r": 10, "t": 30},
        shapes=[
            start | {"line": {"color": INK, "width": 1, "dash": "dot"}},
            RULE | {"xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": 0, "y1": 0},
        ],
        hovermode="x",
    )


def _day_text(day: int, *amounts: float | None, currency: str) -> str:
    money = plain(currency) + "{:,.2f}"
    middle, low, high = (signed(amount, money) for amount in amounts if amount is not None)
    return f"{day:+d}: {middle} ({low} … {high})"
