"""The charts of the segments page, with the words that say the same."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from dashboards.charts import Chart, ChartRow, cluster_profile, k_scan, rf_grid, segment_flow, sizes_over_time
from segmentation.analytics.rfm import BANDS
from segmentation.history import NOWHERE, STATES, Moves
from segmentation.labels import FEATURE_LABELS, NOWHERE_LABEL, SEGMENT_LABELS
from segmentation.selectors import Cluster


def members_url(**filters: Any) -> str:
    return f"{reverse('segment_members')}?{urlencode(filters)}"


def grid_chart(cells: list[list[int]], segments: list[list[str]]) -> Chart:
    scores = range(1, BANDS + 1)
    names = dict(SEGMENT_LABELS)
    labels = {"frequency": _("Frequency score"), "recency": _("Recency score"), "members": _("members")}
    urls = [[members_url(r=r, f=f) for f in scores] for r in scores]
    return Chart(
        id="rf-grid",
        figure=rf_grid(cells, segments, labels=names | labels, urls=urls),
        alt=_("Members by recency score and frequency score, each cell in the colour of its segment."),
        empty=_("No member of your stores bought in the window."),
        columns=[_("Recency score"), _("Frequency score"), _("Segment"), _("Members")],
        rows=[
            ChartRow(
                cells=[str(r), str(f), names[segments[r - 1][f - 1]], f"{cells[r - 1][f - 1]:,}"],
                url=urls[r - 1][f - 1],
            )
            for r in reversed(scores)
            for f in scores
        ],
    )


def sizes_chart(days: list[date], counts: dict[str, list[int]]) -> Chart:
    names = dict(SEGMENT_LABELS)
    written = [date_format(day, "MONTH_DAY_FORMAT") for day in days]
    figure = sizes_over_time(days, counts, labels=names, day_labels=written) if days else None
    return Chart(
        id="sizes-over-time",
        figure=figure,
        alt=_("Members per segment on each night; equal slopes are equal percentages."),
        empty=_("The lines begin with the second night."),
        columns=[_("Segment"), *written[:1], *written[-1:]],
        rows=[
            ChartRow(cells=[names[code], f"{sizes[0]:,}", f"{sizes[-1]:,}"], url=members_url(segment=code))
            for code, sizes in counts.items()
            if sizes
        ],
    )


def flow_chart(moves: Moves, url: Callable[..., str]) -> Chart:
    """`url` makes the address of a list from two days and the segments before and after."""
    names = {code: str(label) for code, label in SEGMENT_LABELS.items()} | {NOWHERE: str(NOWHERE_LABEL)}
    urls = {flow: url(moves.since, moves.until, *flow) for flow in moves.moved}
    return Chart(
        id="segment-flow",
        figure=segment_flow(moves.moved, order=STATES, labels=names | {"members": _("members")}, urls=urls),
        alt=_("Members who moved, from the segment before at the left to the one after at the right."),
        empty=_("Nobody moved between these two nights."),
    )


def profile_chart(clusters: Sequence[Cluster]) -> Chart:
    features = list(clusters[0].profile) if clusters else []
    labels = [str(FEATURE_LABELS[feature]) for feature in features]
    named = [cluster.name for cluster in clusters]
    profiles = [[cluster.profile[feature] for feature in features] for cluster in clusters]
    deviations = [[float("nan") if z is None else z for z in row] for row in profiles]
    return Chart(
        id="cluster-profile",
        figure=cluster_profile(named, labels, deviations),
        alt=_("How far each cluster's mean lies from the average member, fact by fact."),
        empty=_("Clusters come with the first night on which at least 100 members bought in the window."),
        columns=[_("Cluster"), *labels],
        rows=[
            ChartRow(
                cells=[cluster.name, *map(_deviation, row)],
                url=members_url(cluster=cluster.label),
            )
            for cluster, row in zip(clusters, profiles, strict=True)
        ],
    )


def scan_chart(model: dict[str, Any]) -> Chart:
    rows = model["k_scan_"]
    labels = {
        "k": _("Number of clusters"),
        "silhouette": _("Silhouette, higher is better"),
        "davies_bouldin": _("Davies–Bouldin, lower is better"),
    }
    ks, *quality = ([row[name] for row in rows] for name in labels)
    return Chart(
        id="k-scan",
        figure=k_scan(ks, *quality, chosen=len(model["centroids_"]), labels=labels),
        alt=_("How well each number of clusters fits a sample of members."),
        columns=list(labels.values()),
        rows=[
            ChartRow(cells=[str(row["k"]), f"{row['silhouette']:.2f}", f"{row['davies_bouldin']:.2f}"])
            for row in rows
        ],
    )


def _deviation(z: float | None) -> str:
    """A cluster that has lost its members since the fit has no profile."""
    return "–" if z is None else f"{z:+.1f}".replace("-", "−")
