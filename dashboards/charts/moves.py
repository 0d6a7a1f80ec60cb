"""Figures about moves between segments."""

from collections.abc import Mapping, Sequence
from typing import Any

from .figure import LINE, Figure, axis, figure, plain
from .segments import OTHER, SEGMENT_COLOURS

LINK_OPACITY = 0.42
BETWEEN, HEIGHT = 0.02, 520


def segment_flow(
    counts: Mapping[tuple[str, str], int],
    *,
    order: Sequence[str],
    labels: Mapping[str, str],
    urls: Mapping[tuple[str, str], str],
) -> Figure | None:
    """Members who moved, as bands from the old segment at the left to the new one at the right.

    A band has the colour of the segment it leads to. `counts`: members per (old, new) code; `order`: the
    codes from top to bottom; `labels`: one for each, and "members". None where nobody moved.
    """
    flows = [(was, now) for was in order for now in order if was != now and counts.get((was, now))]
    if not flows:
        return None
    left = [code for code in order if any(was == code for was, _now in flows)]
    right = [code for code in order if any(now == code for _was, now in flows)]
    sent = [sum(counts[flow] for flow in flows if flow[0] == code) for code in left]
    got = [sum(counts[flow] for flow in flows if flow[1] == code) for code in right]
    bands = {
        "source": [left.index(was) for was, _now in flows],
        "target": [len(left) + right.index(now) for _was, now in flows],
        "value": [counts[flow] for flow in flows],
        "color": [_faint(SEGMENT_COLOURS.get(now, OTHER)) for _was, now in flows],
        "customdata": [urls[flow] for flow in flows],
        "label": [f"{plain(labels[was])} → {plain(labels[now])}" for was, now in flows],
        "hovertemplate": "%{label}<br>%{value:,} " + plain(labels["members"]) + "<extra></extra>",
    }
    nodes = {
        "label": [
            f"{plain(labels[code])}  {size:,}"
            for code, size in zip([*left, *right], [*sent, *got], strict=True)
        ],
        "color": [SEGMENT_COLOURS.get(code, OTHER) for code in [*left, *right]],
        "x": [0.001] * len(left) + [0.999] * len(right),
        "y": [*_middles(sent), *_middles(got)],
        "line": {"color": LINE, "width": 0},
        "pad": 12,
        "thickness": 14,
        "hovertemplate": "%{label}<extra></extra>",
    }
    trace: dict[str, Any] = {"type": "sankey", "arrangement": "fixed", "link": bands, "node": nodes}
    return figure([trace], height=HEIGHT, min_width=520, xaxis=axis(visible=False), yaxis=axis(visible=False))


def _middles(sizes: Sequence[int]) -> list[float]:
    """Where the middle of each node stands, 0 to 1 from the top, in their order."""
    room = 1 - BETWEEN * (len(sizes) - 1)
    found, top = [], 0.0
    for size in sizes:
        height = room * size / sum(sizes)
        found.append(round(min(max(top + height / 2, 0.001), 0.999), 4))
        top += height + BETWEEN
    return found


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {LINK_OPACITY})"
