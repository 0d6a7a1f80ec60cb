"""Figures about sales, and the small lines in tiles."""

from collections.abc import Collection, Mapping, Sequence
from typing import SupportsFloat

from .figure import ACCENT_SOFT, BAD_FILL, Figure, axis, figure, numbers, plain, unit

SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 90, 30, 3


def hourly(
    hours: Sequence[int],
    yesterday: Sequence[SupportsFloat],
    usual: Sequence[SupportsFloat],
    *,
    labels: Mapping[str, str],
    marked: Collection[int] = (),
) -> Figure | None:
    """One day by the hour, as bars, against the usual day, as a stepped line.

    `hours` are consecutive and may pass 23 where the business day ends after midnight; `marked` hours are
    the ones the text beside the chart speaks of. `labels`: "yesterday", "usual", "unit". None where both
    days are empty.
    """
    if not any(map(float, yesterday)) and not any(map(float, usual)):
        return None
    clock = [f"{hour % 24:02d}:00" for hour in hours]
    bars = {
        "type": "bar",
        "x": list(hours),
        "y": numbers(yesterday),
        "marker": {"color": [BAD_FILL if hour in marked else ACCENT_SOFT for hour in hours]},
        "name": plain(labels["yesterday"]),
        "text": clock,
        "textposition": "none",
        "hovertemplate": "%{text}<br>%{y:,}<extra>%{fullData.name}</extra>",
    }
    steps = {
        "type": "scatter",
        "mode": "lines",
        # Half an hour more at both ends, so that the line spans the outer bars too.
        "x": [hours[0] - 0.5, *hours, hours[-1] + 0.5],
        "y": numbers([usual[0], *usual, usual[-1]]),
        "line": {"color": "var(--ink-2)", "shape": "hvh", "width": 1.6},
        "name": plain(labels["usual"]),
        "text": [clock[0], *clock, clock[-1]],
        "hovertemplate": "%{text}<br>%{y:,}<extra>%{fullData.name}</extra>",
    }
    shown = [hour for hour in hours if hour % 4 == 0]
    return figure(
        [bars, steps],
        height=270,
        xaxis=axis(showgrid=False, tickvals=shown, ticktext=[f"{hour % 24:02d}:00" for hour in shown]),
        yaxis=axis(nticks=5, rangemode="tozero"),
        title=unit(labels["unit"]),
        # On a phone the legend takes two lines below the title.
        margin={"b": 4, "l": 4, "r": 10, "t": 70},
        showlegend=True,
    )


def spark_points(values: Sequence[SupportsFloat | None]) -> str:
    """The `points` of an SVG polyline, 90 × 30, through the known values; empty with fewer than two."""
    known = [(place, value) for place, value in enumerate(numbers(values)) if value is not None]
    if len(known) < 2:
        return ""
    least = min(value for _, value in known)
    span = max(value for _, value in known) - least
    across = (SPARK_WIDTH - 2 * SPARK_EDGE) / (len(values) - 1)
    up = SPARK_HEIGHT - 2 * SPARK_EDGE
    floor = SPARK_HEIGHT - SPARK_EDGE if span else SPARK_HEIGHT / 2
    return " ".join(
        f"{SPARK_EDGE + place * across:.1f},{floor - (value - least) / (span or 1) * up:.1f}"
        for place, value in known
    )
