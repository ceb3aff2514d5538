"""The logistic fit against SciPy's least squares, known curves and curves that do not exist."""

import numpy as np
import pytest
from scipy import optimize, stats

from analysis.metrics.base import FitFailed, sample_make
from analysis.metrics.logistic import lcc_logistic
from analysis.paired_bootstrap import Units


def curve(x, b1, b2, b3, b4):
    return (b1 - b2) / (1 + np.exp(-(x - b3) / b4)) + b2


def found(x, y) -> float:
    return lcc_logistic(sample_make(y, x, threshold=5, rule="greater"))(np.ones(len(x)))


def scipys(x, y) -> float:
    """As the VQEG report and its followers do it."""
    start = [y.max(), y.min(), x.mean(), x.std() / 4]
    fitted, _covariance = optimize.curve_fit(
        curve, x, y, start, ftol=1e-13, xtol=1e-13, gtol=1e-13, maxfev=20_000
    )
    return float(stats.pearsonr(curve(x, *fitted), y).statistic)


@pytest.mark.parametrize("noise", [0.05, 0.5, 2.0])
@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_scipys_fit(noise: float, seed: int):
    rng = np.random.default_rng(seed)
    x = rng.normal(50, 12, 400)
    y = curve(x, 8, 2, 55, 7) + noise * rng.normal(size=400)
    assert found(x, y) == pytest.approx(scipys(x, y), abs=1e-9)


@pytest.mark.parametrize("noise", [0.05, 0.5, 1.0])
def test_a_draw_has_the_fit_of_the_rows_that_it_picks(noise: float):
    rng = np.random.default_rng(4)
    x = rng.normal(50, 12, 400)
    y = curve(x, 8, 2, 55, 7) + noise * rng.normal(size=400)
    measure = lcc_logistic(sample_make(y, x, threshold=5, rule="greater"))
    for resample in range(20):
        counts = Units(400).draw(1, resample)
        rows = np.repeat(np.arange(400), counts.astype(int))
        assert measure(counts) == pytest.approx(found(x[rows], y[rows]), abs=1e-12)


def test_a_curve_without_noise_is_found():
    x = np.linspace(0, 10, 200)
    assert found(x, curve(x, 9, 1, 6, 0.7)) == pytest.approx(1, abs=1e-12)


def test_falling_scores_are_mapped_too():
    x = np.linspace(0, 10, 200)
    assert found(-x, curve(x, 9, 1, 6, 0.7)) == pytest.approx(1, abs=1e-12)


def test_a_straight_line_is_the_limit_of_a_wide_curve():
    x = np.linspace(0, 10, 200)
    noisy = x + np.random.default_rng(1).normal(size=200)
    assert found(x, 3 * x + 1) == pytest.approx(1, abs=1e-6)
    assert found(x, noisy) >= float(stats.pearsonr(x, noisy).statistic) - 1e-9


def test_an_exponential_is_the_limit_of_a_far_curve():
    x = np.linspace(0, 10, 200)
    assert found(x, np.exp(x / 3)) == pytest.approx(1, abs=1e-6)
    assert found(x, -np.exp(-x / 3)) == pytest.approx(1, abs=1e-6)


def test_a_step_is_the_limit_of_a_steep_curve():
    x = np.concatenate([np.linspace(0, 4, 50), np.linspace(6, 10, 50)])
    assert found(x, (x > 5).astype(float)) == pytest.approx(1, abs=1e-6)


def test_a_fit_worse_than_a_straight_line_is_said_and_raw_stands_in():
    # In nine rows without any relation the nearest optimum is a step between the last two.
    x = np.array([0.0, 6, 2, 5, 3, 0, 7, 4, 1])
    y = np.array([7.0, 6, 0, 1, 0, 2, 3, 5, 5])
    with pytest.raises(FitFailed, match="explains less than a straight line") as error:
        found(x, y)
    assert error.value.instead == pytest.approx(float(stats.pearsonr(x, y).statistic), abs=1e-12)


def test_few_rows_without_relation_never_end_in_an_accident():
    converged = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(4, 12))
        x, y = rng.integers(0, 8, n).astype(float), rng.integers(0, 8, n).astype(float)
        line = float(stats.pearsonr(x, y).statistic)
        try:
            value = found(x, y)
        except FitFailed as error:
            value, failed = error.instead, True
        else:
            failed = False
        converged += not failed
        assert value == pytest.approx(line) if failed else abs(line) - 1e-6 <= value <= 1
    assert converged >= 290
