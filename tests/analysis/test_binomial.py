"""Exact inference against statsmodels and SciPy's own tests, closed forms and coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from statsmodels.stats.proportion import proportion_confint

from analysis.binomial import above_chance, exact_interval
from analysis.types import Undefined

counts = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, st.floats(0.5, 0.999))
def test_the_interval_equals_statsmodels(k_n, confidence):
    k, n = k_n
    ours = exact_interval(k, n, confidence=confidence)
    low, high = proportion_confint(k, n, alpha=1 - confidence, method="beta")
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=1e-9)
    assert 0 <= ours.low <= ours.value <= ours.high <= 1
    assert (ours.n, ours.method) == (n, "Clopper-Pearson")


def test_nothing_and_all_by_hand():
    # The far end of 0 of n solves (1 - p)^n = 0.025.
    assert exact_interval(0, 10).high == pytest.approx(1 - 0.025 ** (1 / 10))
    assert exact_interval(10, 10).low == pytest.approx(0.025 ** (1 / 10))
    assert (exact_interval(0, 10).low, exact_interval(10, 10).high) == (0.0, 1.0)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.97])
def test_it_covers_at_least_as_often_as_it_says(share: float):
    n = 40
    covered = sum(
        binom.pmf(k, n, share)
        for k in range(n + 1)
        if exact_interval(k, n).low <= share <= exact_interval(k, n).high
    )
    assert covered >= 0.95


@given(counts, st.floats(0.01, 0.99))
def test_above_chance_equals_scipys_test(k_n, chance):
    k, n = k_n
    test = binomtest(k, n, chance, alternative="greater")
    assert above_chance(k, n, chance=chance) == pytest.approx(test.pvalue, rel=1e-9, abs=1e-300)


def test_above_chance_by_hand():
    assert above_chance(10, 10) == pytest.approx(1 / 1024)
    assert above_chance(0, 10) == 1
    assert above_chance(0, 0) == 1


def test_it_refuses_what_is_no_count():
    with pytest.raises(Undefined):
        exact_interval(0, 0)
    for k, n in ((-1, 5), (6, 5)):
        with pytest.raises(ValueError, match=r"allowed are 0\.\.n"):
            exact_interval(k, n)
        with pytest.raises(ValueError, match=r"allowed are 0\.\.n"):
            above_chance(k, n)
    for confidence in (0, 1, np.nan):
        with pytest.raises(ValueError, match="confidence"):
            exact_interval(1, 2, confidence=confidence)
    with pytest.raises(ValueError, match="chance"):
        above_chance(1, 2, chance=1.0)
