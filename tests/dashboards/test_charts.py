import json
import math
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.charts import (
    SEGMENT_COLOURS,
    Chart,
    Figure,
    cluster_profile,
    daily_gap,
    earnings,
    effects,
    funnel,
    hourly,
    k_scan,
    rf_grid,
    sizes_over_time,
    spark_points,
)
from dashboards.charts.figure import numbers, plain, signed, wrapped
from dashboards.charts.segments import contrast, ink_on

CSS = Path(__file__).parents[2] / "static" / "css" / "tokens.css"
MARKUP = "<b>bold</b> & <a href='https://example.org'>link</a>"
WORDS = [
    *("frequency", "recency", "members", "yesterday", "usual", "unit"),
    *("k", "silhouette", "davies_bouldin", "day", "gap"),
]
GRID = [["champions"] * 5 for _ in range(5)]
FEW = [[row * 5 + column for column in range(5)] for row in range(5)]
NIGHTS = [date(2026, 11, 1) + timedelta(days=day) for day in range(4)]


def build_all(text: str) -> dict[str, Figure | None]:
    words = dict.fromkeys(
        (*SEGMENT_COLOURS, *WORDS),
        text,
    )
    return {
        "rf_grid": rf_grid(FEW, GRID, labels=words, urls=[["/members/"] * 5] * 5),
        "sizes_over_time": sizes_over_time(
            NIGHTS, {"champions": [4, 5, 6, 7], "new": [0, 0, 0, 0]}, labels=words, day_labels=[text] * 4
        ),
        "cluster_profile": cluster_profile([text, text], [text], [[np.float64(1.5)], [np.float32(-0.2)]]),
        "hourly": hourly(range(7, 26), [3] * 19, list(np.arange(19)), labels=words, marked={18}),
        "funnel": funnel([(text, 20), (text, 7)], urls=["/members/?step=1", "/members/?step=2"]),
        "effects": effects([(text, 4.12, 1.46, 6.78), (text, -1.0, -2.0, 0.5)], unit_label=text),
        "earnings": earnings([(text, 6176), (text, -4385)], total_label=text, currency="¥"),
        "daily_gap": daily_gap([-1, 0, 1], [0, 1, 2], [-1, 0, 1], [1, 2, 3], labels=words, currency="¥"),
        "k_scan": k_scan([2, 3, 4], [0.4, 0.3, 0.35], [0.9, 1.1, 1.0], chosen=4, labels=words),
    }


def drawn(value: Any) -> Any:
    """The figure as the page's script hands it to Plotly: CSS variables replaced by colours."""
    return json.loads(re.sub(r'"var\(--[a-z0-9-]+\)"', '"#123456"', json.dumps(value)))


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for part in parts for text in texts(part)]


@pytest.mark.parametrize("name", build_all(""))
def test_it_makes_figures_plotly_accepts(name: str) -> None:
    figure = build_all("Label")[name]
    assert figure is not None
    go.Figure(drawn(figure))
    assert 80 <= figure["layout"]["height"] <= 700


@pytest.mark.parametrize("name", build_all(""))
def test_it_shows_labels_as_text_and_never_as_markup(name: str) -> None:
    shown = texts(build_all(MARKUP)[name])
    assert any("&lt;b&gt;" in text for text in shown)
    assert not any(re.search(r"<(?!br>|extra>|/extra>)", text) for text in shown)


@pytest.mark.parametrize("name", build_all(""))
def test_it_names_only_colours_the_style_sheet_knows(name: str) -> None:
    used = set(re.findall(r"var\((--[a-z0-9-]+)\)", json.dumps(build_all("Label")[name])))
    assert used <= set(re.findall(r"^\s+(--[\w-]+):", CSS.read_text(), re.MULTILINE))


@pytest.mark.parametrize(
    "build",
    [
        lambda: rf_grid([[0] * 5] * 5, GRID, labels={}),
        lambda: sizes_over_time([], {}, labels={}, day_labels=[]),
        lambda: sizes_over_time(NIGHTS[:1], {"new": [3]}, labels={"new": "New"}, day_labels=["1"]),
        lambda: cluster_profile([], ["Packs a week"], []),
        lambda: hourly([8, 9], [0, 0], [0, 0], labels={}),
        lambda: hourly([], [], [], labels={}),
        lambda: funnel([]),
        lambda: funnel([("Audience", 0), ("Allowed", 0)]),
        lambda: effects([("Spend", float("nan"), 0.0, 1.0)], unit_label="¥"),
        lambda: earnings([], total_label="Profit", currency="¥"),
        lambda: daily_gap([0], [None], [None], [None], labels={}, currency="¥"),
        lambda: k_scan([], [], [], chosen=5, labels={}),
    ],
)
def test_it_draws_nothing_where_there_is_nothing(build: Callable[[], Figure | None]) -> None:
    assert build() is None


def test_it_gives_the_template_nothing_to_measure_without_a_figure() -> None:
    chart = Chart(id="reach", figure=None, alt="Members at each step")
    assert (chart.height, chart.min_width) == (0, 0)


def test_it_keeps_the_same_segment_colours_as_the_style_sheet() -> None:
    assert dict(re.findall(r"--seg-(\w+): (#[0-9a-f]{6});", CSS.read_text())) == SEGMENT_COLOURS


def test_it_measures_contrast_as_the_web_guidelines_do() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("code", SEGMENT_COLOURS)
def test_it_writes_counts_readably_on_every_segment(code: str) -> None:
    assert contrast(SEGMENT_COLOURS[code], ink_on(SEGMENT_COLOURS[code])) >= 4.5


def test_it_puts_each_cell_where_its_scores_are() -> None:
    segments = [row[:] for row in GRID]
    segments[0][4] = "cant_lose"
    urls = [[f"/members/?r={r}&f={f}" for f in range(1, 6)] for r in range(1, 6)]
    words = dict.fromkeys([*SEGMENT_COLOURS, "frequency", "recency", "members"], "x")
    figure = rf_grid(FEW, segments, labels=words, urls=urls)
    assert figure is not None
    note = next(note for note in figure["layout"]["annotations"] if (note["x"], note["y"]) == (5, 1))
    assert note["text"] == "4"
    assert figure["data"][0]["customdata"][0][4] == "/members/?r=1&f=5"
    code = int(figure["data"][0]["z"][0][4])
    assert list(SEGMENT_COLOURS)[code] == "cant_lose"


def test_it_gives_equal_percentages_equal_slopes() -> None:
    words = {"champions": "a", "new": "b"}
    sizes = {"champions": [1000, 1100, 1050, 1080], "new": [10, 11, 10, 10]}
    figure = sizes_over_time(NIGHTS, sizes, labels=words, day_labels=["d"] * 4)
    assert figure is not None
    ranges = [figure["layout"][key]["range"] for key in ("yaxis", "yaxis2")]
    assert ranges[0] == pytest.approx([100 * edge for edge in ranges[1]])
    assert ranges[0][0] < 1000 and ranges[0][1] > 1100


def test_it_ends_the_earnings_in_their_sum() -> None:
    steps = [("Sales", 6176), ("Goods", -4385), ("Vouchers", -636), ("Messages", -87)]
    figure = earnings(steps, total_label="Profit", currency="¥")
    assert figure is not None
    assert figure["data"][0]["text"][-1] == "¥1,068"
    assert figure["data"][0]["text"][1] == "−¥4,385"


def test_it_has_room_for_a_loss() -> None:
    figure = earnings([("Sales", 100), ("Vouchers", -300)], total_label="Profit", currency="¥")
    assert figure is not None
    low, high = figure["layout"]["yaxis"]["range"]
    assert low < -200 and high > 100


def test_it_leaves_out_effects_that_could_not_be_measured() -> None:
    figure = effects([("Spend", 1.0, 0.5, 1.5), ("Rate", float("nan"), 0, 1)], unit_label="¥")
    assert figure is not None
    assert figure["data"][0]["x"] == [1.0]
    assert figure["data"][0]["error_x"]["arrayminus"] == [0.5]


def test_it_writes_hours_after_midnight_as_a_clock_does() -> None:
    words = {"yesterday": "y", "usual": "u", "unit": "receipts"}
    figure = hourly([22, 23, 24, 25], [1, 2, 3, 4], [1, 1, 1, 1], labels=words)
    assert figure is not None
    assert figure["data"][0]["text"] == ["22:00", "23:00", "00:00", "01:00"]
    assert figure["layout"]["xaxis"]["ticktext"] == ["00:00"]


def test_it_turns_missing_and_infinite_numbers_into_gaps() -> None:
    assert numbers([1, float("nan"), None, float("inf"), np.float32(2)]) == [1.0, None, None, None, 2.0]


def test_it_puts_the_minus_before_the_currency() -> None:
    assert [signed(value, "¥{:,.0f}") for value in (-1234.0, 0.0, 5.0)] == ["−¥1,234", "¥0", "¥5"]


def test_it_breaks_lines_by_width_in_both_scripts() -> None:
    assert wrapped("Steady carton buyers", 13) == "Steady carton<br>buyers"
    assert wrapped("精品细支爱好者", 10) == "精品细支爱<br>好者"
    assert wrapped("", 10) == ""


@given(st.text(), st.integers(min_value=2, max_value=30))
def test_it_loses_no_letter_when_it_breaks_lines(text: str, limit: int) -> None:
    joined = wrapped(text, limit).replace("<br>", "")
    assert "".join(joined.split()) == "".join(plain(text).split())


def test_it_draws_a_spark_from_edge_to_edge() -> None:
    assert spark_points([1, 2, 3]) == "3.0,27.0 45.0,15.0 87.0,3.0"
    assert spark_points([1, None, 3]) == "3.0,27.0 87.0,3.0"
    assert spark_points([5, 5]) == "3.0,15.0 87.0,15.0"
    assert spark_points([5]) == spark_points([]) == ""


@given(st.lists(st.floats(-1e300, 1e300) | st.sampled_from([math.nan, math.inf, -math.inf]), max_size=40))
def test_it_keeps_every_spark_inside_its_box(values: list[float]) -> None:
    for point in spark_points(values).split():
        x, y = map(float, point.split(","))
        assert 0 <= x <= 90 and 0 <= y <= 30


def test_it_begins_no_chinese_line_with_a_closing_mark() -> None:
    assert wrapped("人均消费（未校正）", 16) == "人均消费（未校正）"
    assert wrapped("整条占比高、每周包数多", 10) == "整条占比高、<br>每周包数多"
