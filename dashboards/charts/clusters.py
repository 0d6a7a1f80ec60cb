"""Figures about clusters."""

from collections.abc import Mapping, Sequence
from typing import SupportsFloat

from .figure import ACCENT, CARD, LINE, MUTED, Figure, axis, figure, number, numbers, plain, signed, wrapped

PROFILE_ROW = 36


def cluster_profile(
    names: Sequence[str], feature_labels: Sequence[str], z: Sequence[Sequence[SupportsFloat]]
) -> Figure | None:
    """How each cluster differs from the average member; rows of `z` are clusters, columns features.

    The unit is standard deviations over all members; the colour stops growing at ±2.2. None without clusters.
    """
    if not len(names) or not len(feature_labels):
        return None
    by_feature = [numbers(row) for row in zip(*z, strict=True)]
    heat = {
        "type": "heatmap",
        "x": list(range(len(names))),
        "y": list(range(len(feature_labels))),
        "z": by_feature,
        "zmin": -2.2,
        "zmax": 2.2,
        "colorscale": [[0, "#b8452f"], [0.5, CARD], [1, "#0b7a75"]],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hovertext": [
            [
                f"{plain(name)}<br>{plain(label)}: {_deviation(value)}"
                for name, value in zip(names, row, strict=True)
            ]
            for label, row in zip(feature_labels, by_feature, strict=True)
        ],
        "hoverinfo": "text",
        "text": [[_deviation(value) if abs(value or 0) > 0.6 else "" for value in row] for row in by_feature],
        "texttemplate": "%{text}",
    }
    return figure(
        [heat],
        height=PROFILE_ROW * len(feature_labels) + 66,
        min_width=100 + 62 * len(names),
        xaxis=axis(
            side="top",
            showgrid=False,
            showline=False,
            tickfont={"color": MUTED, "size": 11},
            tickvals=list(range(len(names))),
            ticktext=[wrapped(name, 11) for name in names],
        ),
        yaxis=axis(
            autorange="reversed",
            showgrid=False,
            showline=False,
            tickvals=list(range(len(feature_labels))),
            ticktext=[wrapped(label, 16) for label in feature_labels],
        ),
    )


def _deviation(value: SupportsFloat | None) -> str:
    known = number(value)
    return "" if known is None else ("+" if known > 0 else "") + signed(known, "{:.1f}")


def k_scan(
    ks: Sequence[int],
    silhouette: Sequence[SupportsFloat],
    davies_bouldin: Sequence[SupportsFloat],
    *,
    chosen: int,
    labels: Mapping[str, str],
) -> Figure | None:
    """Quality of each number of clusters: silhouette above (more is better), Davies-Bouldin below (less is).

    `labels`: "k", "silhouette", "davies_bouldin". None without a scan.
    """
    if not len(ks):
        return None
    sizes = [11 if k == chosen else 6 for k in ks]
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": [int(k) for k in ks],
            "y": numbers(values),
            "yaxis": place,
            "line": {"color": colour, "width": 2},
            "marker": {"color": colour, "line": {"width": 0}, "opacity": 1, "size": sizes},
            "name": plain(labels[name]),
            "hovertemplate": "k = %{x}<br>%{y:.3f}<extra>%{fullData.name}</extra>",
        }
        for name, values, place, colour in (
            ("silhouette", silhouette, "y", ACCENT),
            ("davies_bouldin", davies_bouldin, "y2", "var(--ink-3)"),
        )
    ]
    above = {"xref": "paper", "yref": "paper", "x": 0, "xanchor": "left", "yanchor": "bottom"}
    heading = above | {"showarrow": False, "font": {"color": MUTED, "size": 12}}
    return figure(
        traces,
        height=270,
        xaxis=axis(title=labels["k"], tickvals=[int(k) for k in ks], showgrid=False, anchor="y2"),
        yaxis=axis(domain=[0.58, 0.93], nticks=4),
        yaxis2=axis(domain=[0, 0.35], nticks=4),
        annotations=[
            heading | {"y": top, "text": plain(labels[name])}
            for name, top in (("silhouette", 0.94), ("davies_bouldin", 0.36))
        ],
        shapes=[
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "x0": chosen,
                "x1": chosen,
                "y0": 0,
                "y1": 0.93,
                "line": {"color": LINE, "width": 1},
                "layer": "below",
            }
        ],
    )
