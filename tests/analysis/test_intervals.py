"""Intervals against independent sources: statsmodels, a closed form, a simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from analysis.intervals import equal_weight, wilson
from analysis.types import Undefined

counts = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, st.floats(0.5, 0.999))
def test_wilson_equals_statsmodels(k_n, confidence):
    k, n = k_n
    ours = wilson(k, n, confidence=confidence)
    low, high = proportion_confint(k, n, alpha=1 - confidence, method="wilson")
    assert ours.low == pytest.approx(low, abs=1e-12)
    assert ours.high == pytest.approx(high, abs=1e-12)
    assert 0 <= ours.low <= ours.value <= ours.high <= 1


def test_wilson_of_the_paper():
    # 4575 of 6182 votes preferred the original.
    share = wilson(4575, 6182)
    assert (round(share.value, 3), round(share.low, 4), round(share.high, 4)) == (
        0.740,
        0.7290,
        0.7508,
    )
    assert (share.n, share.method, share.confidence) == (6182, "Wilson", 0.95)


@given(counts)
def test_wilson_mirrors(k_n):
    k, n = k_n
    ours, mirror = wilson(k, n), wilson(n - k, n)
    assert ours.low == pytest.approx(1 - mirror.high, abs=1e-12)


@given(counts)
def test_equal_weight_of_one_condition_is_wilson(k_n):
    k, n = k_n
    one, many = wilson(k, n), equal_weight([k], [n])
    assert (many.value, many.low, many.high) == pytest.approx((one.value, one.low, one.high))


def test_equal_weight_by_hand():
    # Two conditions of 10 and 100 trials: c^2 / sum(1/n) = 4 / 0.11 = 36.36.
    mean = equal_weight([5, 90], [10, 100])
    assert mean.value == pytest.approx(0.7)
    low, high = proportion_confint(0.7 * 4 / 0.11, 4 / 0.11, method="wilson")
    assert (mean.low, mean.high) == pytest.approx((low, high))
    assert (mean.n, mean.method) == (110, "Wilson, Kish effective n")


def test_equal_weight_of_equal_counts_is_the_pooled_share():
    assert equal_weight([3, 8], [10, 10]).low == pytest.approx(wilson(11, 20).low)


def test_equal_weight_leaves_out_conditions_without_trials():
    assert equal_weight([5, 0], [10, 0]) == equal_weight([5], [10])


@pytest.mark.parametrize(("low", "high"), [(1, 5), (3, 40), (50, 200)])
@pytest.mark.parametrize("conditions", [2, 80])
def test_equal_weight_covers_the_truth(low, high, conditions):
    rng = np.random.default_rng([20261121, low, conditions])
    truth = rng.uniform(0.4, 0.98, conditions)
    n = rng.integers(low, high, conditions)
    inside = 0
    for _survey in range(2000):
        interval = equal_weight(rng.binomial(n, truth), n)
        inside += interval.low <= truth.mean() <= interval.high
    # Nominal 95 %, erring on the wide side; four standard errors of 2000 draws are 2 %.
    assert 0.93 <= inside / 2000 <= 0.99


@pytest.mark.parametrize("call", [lambda: wilson(0, 0), lambda: equal_weight([0, 0], [0, 0])])
def test_nothing_is_undefined_not_nan(call):
    with pytest.raises(Undefined, match="none yet"):
        call()


@pytest.mark.parametrize(("k", "n", "confidence"), [(-1, 5, 0.95), (6, 5, 0.95), (1, 5, 1.0)])
def test_impossible_input_is_refused(k, n, confidence):
    with pytest.raises(ValueError, match="allowed"):
        wilson(k, n, confidence=confidence)
