"""Figures about segments."""

from collections.abc import Mapping, Sequence
from datetime import date

from .figure import MUTED, Figure, axis, figure, plain, wrapped

# The same ten as --seg-… in static/css/tokens.css; a test compares them.
SEGMENT_COLOURS = {
    "champions": "#0b7a75",
    "loyal": "#2a9d8f",
    "potential": "#74b98b",
    "new": "#3f6bd6",
    "promising": "#8fa8f0",
    "attention": "#d9a441",
    "about_to_sleep": "#d98a45",
    "cant_lose": "#b8452f",
    "at_risk": "#d9725f",
    "hibernating": "#a3a6b0",
}
OTHER = "#8d96a3"
DARK, LIGHT = "#14161a", "#ffffff"
GRID_ROW, SERIES_ROW = 58, 42


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two #rrggbb colours, 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted([_luminance(one), _luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(colour: str) -> str:
    """Of dark and light text, the one better read on `colour`."""
    return max((DARK, LIGHT), key=lambda ink: contrast(ink, colour))


def rf_grid(
    counts: Sequence[Sequence[int]],
    segments: Sequence[Sequence[str]],
    *,
    labels: Mapping[str, str],
    urls: Sequence[Sequence[str]] | None = None,
) -> Figure | None:
    """Members per recency and frequency score, each cell in its segment's colour.

    `counts`, `segments` (codes) and `urls` are 5 × 5: row i is recency score i + 1, column j frequency
    score j + 1. `labels`: "frequency", "recency", "members", and one for each segment code.
    None where nobody is counted.
    """
    if not any(any(row) for row in counts):
        return None
    codes = list(SEGMENT_COLOURS)
    share = 1 / len(codes)
    bands = [
        [edge, colour]
        for index, colour in enumerate(SEGMENT_COLOURS.values())
        for edge in (index * share, (index + 1) * share)
    ]
    grid = {
        "type": "heatmap",
        "x": [1, 2, 3, 4, 5],
        "y": [1, 2, 3, 4, 5],
        "z": [[codes.index(code) + 0.5 for code in row] for row in segments],
        "zmin": 0,
        "zmax": len(codes),
        "colorscale": bands,
        "showscale": False,
        "xgap": 3,
        "ygap": 3,
        "hovertext": [
            [
                f"{plain(labels[code])}<br>{count:,} {plain(labels['members'])}"
                for code, count in zip(*pair, strict=True)
            ]
            for pair in zip(segments, counts, strict=True)
        ],
        "hoverinfo": "text",
    }
    if urls is not None:
        grid["customdata"] = [list(row) for row in urls]
    scores = {"tickvals": [1, 2, 3, 4, 5], "showgrid": False, "showline": False}
    return figure(
        [grid],
        height=5 * GRID_ROW + 50,
        xaxis=axis(title=labels["frequency"], **scores),
        yaxis=axis(title=labels["recency"], **scores),
        annotations=[
            {
                "x": column + 1,
                "y": row + 1,
                "text": f"{count:,}",
                "showarrow": False,
                "font": {"size": 13, "color": ink_on(SEGMENT_COLOURS[segments[row][column]])},
            }
            for row, cells in enumerate(counts)
            for column, count in enumerate(cells)
        ],
    )


def _relative_span(series: Sequence[Sequence[int]]) -> float:
    """The largest distance of any value from its own series' middle, as a share of that middle."""
    spans = [(max(values) - min(values)) / ((max(values) + min(values)) or 1) for values in series]
    return max([*spans, 0.05]) * 1.15


def sizes_over_time(
    days: Sequence[date],
    counts: Mapping[str, Sequence[int]],
    *,
    labels: Mapping[str, str],
    day_labels: Sequence[str],
) -> Figure | None:
    """Members per segment and night: one line for each segment, one under the other.

    Each line is centred on its own middle and all share one relative scale, so that equal slopes are
    equal percentages, in small segments and large. The last count stands at the right.
    `counts` maps segment codes to one count per day; `day_labels` are the days as they are written.
    None with fewer than two days.
    """
    if len(days) < 2 or not counts:
        return None
    span = _relative_span(list(counts.values()))
    share = 1 / len(counts)
    traces, notes, axes = [], [], {}
    for place, (code, values) in enumerate(counts.items()):
        key = "" if place == 0 else str(place + 1)
        colour = SEGMENT_COLOURS.get(code, OTHER)
        top = 1 - place * share
        middle = (max(values) + min(values)) / 2 or 1
        axes[f"yaxis{key}"] = axis(
            domain=[top - share * 0.92, top], range=[middle * (1 - span), middle * (1 + span)], visible=False
        )
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [day.isoformat() for day in days],
                "y": list(values),
                "yaxis": f"y{key}",
                "line": {"color": colour, "width": 2},
                "text": [plain(label) for label in day_labels],
                "name": plain(labels[code]),
                "hovertemplate": "%{text}<br>%{y:,}<extra>%{fullData.name}</extra>",
            }
        )
        beside = {
            "xref": "paper",
            "yref": "paper",
            "y": top - share * 0.46,
            "yanchor": "middle",
            "showarrow": False,
        }
        name = {"x": 0, "xanchor": "right", "xshift": -8, "align": "right", "text": wrapped(labels[code], 19)}
        notes.append(beside | name | {"font": {"color": MUTED, "size": 12}})
        notes.append(beside | {"x": 1, "xanchor": "left", "xshift": 8, "text": f"{values[-1]:,}"})
    shown = sorted({0, (len(days) - 1) // 2, len(days) - 1})
    return figure(
        traces,
        height=SERIES_ROW * len(counts) + 34,
        xaxis=axis(
            type="date",
            anchor="free",
            position=0,
            range=[days[0].isoformat(), days[-1].isoformat()],
            tickvals=[days[at].isoformat() for at in shown],
            ticktext=[plain(day_labels[at]) for at in shown],
        ),
        margin={"b": 26, "l": 124, "r": 58, "t": 8},
        annotations=notes,
        hovermode="closest",
        value_axes=axes,
    )
