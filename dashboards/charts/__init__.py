"""Pure figure builders: numbers and translated labels in, a plain Plotly figure out, None where there is
nothing to draw. Colours are the page's CSS variables, put in by static/js/charts.js when it draws."""

from .campaigns import Effect, daily_gap, earnings, effects, funnel
from .clusters import cluster_profile, k_scan
from .figure import Chart, ChartRow, Figure
from .moves import segment_flow
from .sales import hourly, spark_points
from .segments import SEGMENT_COLOURS, rf_grid, sizes_over_time

__all__ = [
    "SEGMENT_COLOURS",
    "Chart",
    "ChartRow",
    "Effect",
    "Figure",
    "cluster_profile",
    "daily_gap",
    "earnings",
    "effects",
    "funnel",
    "hourly",
    "k_scan",
    "rf_grid",
    "segment_flow",
    "sizes_over_time",
    "spark_points",
]
