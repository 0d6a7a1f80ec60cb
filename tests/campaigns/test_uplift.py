import math
from dataclasses import astuple
from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from campaigns.analytics.uplift import (
    ArmStats,
    Earnings,
    Interval,
    Range,
    cuped,
    earnings,
    newcombe,
    welch,
)

REPETITIONS = 2000
TREATED, CONTROL = 900, 600
LIFT_CHANCE, LIFT = 0.1, 60.0
NOTHING = ArmStats(0, 0, 0, 0, 0, 0, 0)

cents = st.lists(st.integers(0, 100_000), min_size=2, max_size=30)


def spend(random: np.random.Generator, members: int) -> tuple[np.ndarray, np.ndarray]:
    """Skewed spend in and before the window, most of it 0, both driven by the same habit."""
    habit = random.gamma(1.5, 1.0, members)
    bought, bought_before = random.random((2, members)) < 1 - np.exp(-0.6 * habit)
    amount, amount_before = random.lognormal(3.5, 0.7, (2, members)) * (0.5 + habit)
    return bought * amount, bought_before * amount_before


def experiment(random: np.random.Generator) -> tuple[ArmStats, ArmStats]:
    """A campaign that moves a tenth of the treated to spend a fixed sum more."""
    y, x = spend(random, TREATED)
    moved = random.random(TREATED) < LIFT_CHANCE
    return ArmStats.from_values(y + moved * LIFT, x), ArmStats.from_values(*spend(random, CONTROL))


@pytest.fixture(scope="module")
def repeated() -> list[tuple[Interval, Interval]]:
    random = np.random.default_rng(20240310)
    results = []
    for _ in range(REPETITIONS):
        treated, control = experiment(random)
        plain, adjusted = welch(treated, control), cuped(treated, control)
        assert plain is not None
        assert adjusted is not None
        results.append((plain, adjusted))
    return results


def arms(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return *spend(random, 400), *spend(random, 150)


def test_it_agrees_with_scipy_on_welch() -> None:
    y_t, _, y_c, _ = arms()
    reference = ttest_ind(y_t, y_c, equal_var=False)
    bounds = reference.confidence_interval(0.95)
    found = welch(ArmStats.from_values(y_t), ArmStats.from_values(y_c))
    assert found is not None
    assert astuple(found) == pytest.approx(
        (
            y_t.mean() - y_c.mean(),
            bounds.low,
            bounds.high,
            (y_t.mean() - y_c.mean()) / reference.statistic,
            reference.df,
            reference.pvalue,
        )
    )


def test_it_agrees_with_regression_residuals_on_cuped() -> None:
    y_t, x_t, y_c, x_c = arms(1)
    y_within = np.concatenate([y_t - y_t.mean(), y_c - y_c.mean()])
    x_within = np.concatenate([x_t - x_t.mean(), x_c - x_c.mean()])
    theta = (x_within @ y_within) / (x_within @ x_within)
    bounds = ttest_ind(y_t - theta * x_t, y_c - theta * x_c, equal_var=False).confidence_interval()
    found = cuped(ArmStats.from_values(y_t, x_t), ArmStats.from_values(y_c, x_c))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((bounds.low, bounds.high))


def test_it_covers_the_true_effect_as_often_as_it_says(
    repeated: list[tuple[Interval, Interval]],
) -> None:
    truth = LIFT_CHANCE * LIFT
    for results in zip(*repeated, strict=True):
        covered = np.mean([found.low <= truth <= found.high for found in results])
        assert 0.93 <= covered <= 0.97


def test_it_is_unbiased_and_cuped_is_sharper(repeated: list[tuple[Interval, Interval]]) -> None:
    truth = LIFT_CHANCE * LIFT
    estimates = np.array([[found.estimate for found in pair] for pair in repeated])
    errors_of_the_mean = estimates.std(axis=0, ddof=1) / math.sqrt(REPETITIONS)
    assert (np.abs(estimates.mean(axis=0) - truth) < 3 * errors_of_the_mean).all()
    assert estimates[:, 1].var() < 0.9 * estimates[:, 0].var()
    assert all(adjusted.se < plain.se for plain, adjusted in repeated)


def test_it_finds_no_effect_where_there_is_none_one_time_in_twenty() -> None:
    random = np.random.default_rng(7)
    results = [
        cuped(
            ArmStats.from_values(*spend(random, TREATED)),
            ArmStats.from_values(*spend(random, CONTROL)),
        )
        for _ in range(1000)
    ]
    alarms = np.mean([found is not None and found.p < 0.05 for found in results])
    assert 0.03 <= alarms <= 0.07


def test_it_equals_welch_where_spend_before_says_nothing() -> None:
    y_t, _, y_c, _ = arms()
    treated, control = ArmStats.from_values(y_t), ArmStats.from_values(y_c)
    assert cuped(treated, control) == welch(treated, control)


def test_it_undoes_an_unlucky_draw_that_spend_before_explains() -> None:
    before = np.arange(100.0)
    noise = np.resize([1.0, -1.0, -1.0, 1.0], 100)  # no trend, so that θ is exactly 1
    treated = ArmStats.from_values(before + 20 + noise + 3, before + 20)
    control = ArmStats.from_values(before + noise, before)
    found = cuped(treated, control)
    assert found is not None
    assert found.estimate == pytest.approx(3)


def test_it_sums_an_arm_by_hand() -> None:
    found = ArmStats.from_values(np.array([0, 3, 5]), np.array([1, 2, 0]))
    assert found == ArmStats(n=3, sum_y=8, sum_yy=34, sum_x=3, sum_xx=5, sum_xy=6, buyers=2)


@given(cents, cents, st.integers(1, 4))
def test_it_adds_up_over_shards(y: list[int], x: list[int], shards: int) -> None:
    size = min(len(y), len(x))
    spent, before = np.array(y[:size]), np.array(x[:size])
    parts = [ArmStats.from_values(spent[at::shards], before[at::shards]) for at in range(shards)]
    assert reduce(add, parts, NOTHING) == ArmStats.from_values(spent, before)


@given(cents, cents, cents, cents)
def test_it_returns_finite_numbers_or_nothing(
    y_t: list[int], x_t: list[int], y_c: list[int], x_c: list[int]
) -> None:
    n_t, n_c = min(len(y_t), len(x_t)), min(len(y_c), len(x_c))
    treated = ArmStats.from_values(np.array(y_t[:n_t]), np.array(x_t[:n_t]))
    control = ArmStats.from_values(np.array(y_c[:n_c]), np.array(x_c[:n_c]))
    for found in (welch(treated, control), cuped(treated, control)):
        assert found is None or all(math.isfinite(value) for value in astuple(found))


@pytest.mark.parametrize("y", [[], [100]])
def test_it_says_not_enough_below_two_members(y: list[int]) -> None:
    few, many = ArmStats.from_values(np.array(y)), ArmStats.from_values(np.arange(9))
    assert welch(few, many) is None
    assert welch(many, few) is None
    assert cuped(few, many) is None
    assert cuped(many, few) is None


def test_it_says_not_enough_where_nothing_varies() -> None:
    nobody_bought = ArmStats.from_values(np.zeros(50))
    assert welch(nobody_bought, nobody_bought) is None
    for size in range(2, 60):
        assert welch(ArmStats.from_values(np.full(size, 0.1)), nobody_bought) is None


def test_it_says_not_enough_where_spend_before_leaves_nothing_to_vary() -> None:
    for seed in range(20):
        _, x_t, _, x_c = arms(seed)
        arm_t, arm_c = ArmStats.from_values(x_t * 1.7, x_t), ArmStats.from_values(x_c * 1.7, x_c)
        assert cuped(arm_t, arm_c) is None


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Newcombe (1998), table II, method 10, contrasts (a) to (h).
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_it_reproduces_the_published_newcombe_intervals(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    found = newcombe(*counts)
    assert found is not None
    assert found.estimate == pytest.approx(counts[0] / counts[1] - counts[2] / counts[3])
    assert (found.low, found.high) == pytest.approx((low, high), abs=5.1e-5)


def test_it_marks_few_events() -> None:
    flags = [newcombe(*counts) for counts in ((5, 99, 5, 99), (4, 99, 50, 99), (50, 99, 4, 99))]
    assert [found is not None and found.few_events for found in flags] == [False, True, True]


def test_it_has_no_rate_without_members() -> None:
    assert newcombe(0, 0, 3, 10) is None
    assert newcombe(3, 10, 0, 0) is None


def test_it_carries_the_interval_through_to_money() -> None:
    delta = Interval(estimate=2.0, low=-1.0, high=5.0, se=1.5, df=100, p=0.2)
    assert earnings(delta, n_treated=1000, margin=0.25, cost=400) == Earnings(
        revenue=Range(2000, -1000, 5000),
        profit=Range(100, -650, 850),
        iroas=Range(5.0, -2.5, 12.5),
        roi=Range(0.25, -1.625, 2.125),
    )


def test_it_claims_no_return_on_a_campaign_that_cost_nothing() -> None:
    delta = Interval(estimate=2.0, low=-1.0, high=5.0, se=1.5, df=100, p=0.2)
    found = earnings(delta, n_treated=10, margin=0.5, cost=0)
    assert (found.iroas, found.roi) == (None, None)
    assert found.profit == Range(10, -5, 25)


def test_it_keeps_low_below_high_when_goods_sell_at_a_loss() -> None:
    delta = Interval(estimate=2.0, low=1.0, high=5.0, se=1.0, df=100, p=0.01)
    assert earnings(delta, n_treated=10, margin=-0.5, cost=0).profit == Range(-10, -25, -5)
