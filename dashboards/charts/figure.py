"""What every figure shares: its theme, its text, and the object a template draws."""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import isfinite
from typing import Any, SupportsFloat, cast

Figure = dict[str, Any]

# The page's CSS variables; the script that draws a figure puts the colours of the scheme in.
INK = "var(--ink)"
MUTED = "var(--ink-2)"
LINE = "var(--line)"
CARD = "var(--card)"
ACCENT = "var(--accent)"
ACCENT_SOFT = "var(--accent-soft)"
ACCENT_BAND = "var(--accent-band)"
BAD_FILL = "var(--bad-fill)"
GAIN = "var(--gain)"
LOSS = "var(--loss)"

CLEAR = "rgba(0,0,0,0)"
FONT = 'Inter, "Inter beside Chinese", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
AXIS = {
    "automargin": True,
    "fixedrange": True,  # Else a finger that scrolls the page drags the axis.
    "gridcolor": LINE,
    "linecolor": LINE,
    "tickangle": 0,
    "tickfont": {"color": MUTED, "size": 12},
    "ticks": "",
    "title": {"font": {"color": MUTED, "size": 12}, "standoff": 8},
    "zeroline": False,
}


@dataclass(frozen=True, kw_only=True)
class ChartRow:
    """One row of the table that says the same as the chart; `url` leads to what is behind it."""

    cells: Sequence[str]
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A figure with its words, for templates/components/chart.html.

    `alt` says in one sentence what the chart shows; `empty` says when there will be something to show.
    """

    id: str
    figure: Figure | None
    alt: str
    empty: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[ChartRow] = field(default_factory=tuple)

    @property
    def height(self) -> int:
        return int(self.figure["layout"]["height"]) if self.figure else 0

    @property
    def min_width(self) -> int:
        return int(self.figure["layout"]["meta"]["min_width"]) if self.figure else 0


def plain(text: str) -> str:
    """Text that Plotly shows as it is, where it would read <b> or <a> as markup."""
    return escape(" ".join(str(text).split()), quote=False)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


NEVER_FIRST = "、，。；：！？）》」』%％"  # A line of Chinese does not begin with these.


def _breakable(text: str, limit: int) -> Iterable[str]:
    """Words, and pieces of those words that are longer than a line."""
    for word in text.split():
        piece = ""
        for letter in word:
            if piece and _width(piece + letter) > limit and letter not in NEVER_FIRST:
                yield piece
                piece = ""
            piece += letter
        yield piece + " "


def wrapped(text: str, limit: int) -> str:
    """`plain` over lines of at most `limit` columns, a Chinese character counting two."""
    lines = [""]
    for piece in _breakable(str(text), limit):
        if lines[-1] and _width((lines[-1] + piece).rstrip()) > limit:
            lines.append("")
        lines[-1] += piece
    return "<br>".join(plain(line) for line in lines)


def number(value: SupportsFloat | None) -> float | None:
    """A number JSON can hold; None (a gap in the chart) for what is missing or not finite."""
    if value is None or not isfinite(float(value)):
        return None
    return float(value)


def numbers(values: Iterable[SupportsFloat | None]) -> list[float | None]:
    return [number(value) for value in values]


def signed(value: float, pattern: str) -> str:
    """`pattern` applied to the size of `value`, led by a true minus sign where it is below zero."""
    return ("−" if value < 0 else "") + pattern.format(abs(value))


def axis(**changes: Any) -> dict[str, Any]:
    title = AXIS["title"] | {"text": plain(changes.pop("title", ""))}  # type: ignore[operator]
    return AXIS | {"title": title} | changes


def unit(text: str) -> dict[str, Any]:
    """The unit of the vertical axis, written level above it, where it needs no width."""
    font = {"color": MUTED, "size": 12}
    place = {"x": 0, "xanchor": "left", "xref": "container", "y": 1, "yanchor": "top", "yref": "container"}
    return {"text": plain(text), "font": font, "pad": {"l": 4, "t": 4}, **place}


def figure(
    data: list[dict[str, Any]],
    *,
    height: int,
    xaxis: Mapping[str, Any],
    yaxis: Mapping[str, Any] | None = None,
    min_width: int = 0,
    value_axes: Mapping[str, Any] | None = None,
    **layout: Any,
) -> Figure:
    """`value_axes` holds one layout entry (yaxis, yaxis2, …) per panel; it replaces `yaxis`."""
    shared = {
        "bargap": 0.28,
        "dragmode": False,
        "font": {"color": INK, "family": FONT, "size": 12.5},
        "hoverlabel": {"bgcolor": CARD, "bordercolor": LINE, "font": {"color": INK, "size": 12}},
        "legend": {
            "font": {"color": MUTED},
            "itemclick": False,
            "itemdoubleclick": False,
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.02,
            "yanchor": "bottom",
        },
        "margin": {"b": 4, "l": 4, "r": 10, "t": 8},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "showlegend": False,
    }
    fixed = {"height": height, "meta": {"min_width": min_width}, "xaxis": xaxis, "yaxis": yaxis}
    whole = {"data": data, "layout": shared | fixed | dict(value_axes or {}) | layout}
    return cast(Figure, json.loads(json.dumps(whole, default=_as_json, allow_nan=False)))


def _as_json(value: Any) -> Any:
    """NumPy's numbers and arrays, which callers may pass, as Python's."""
    return value.tolist()
