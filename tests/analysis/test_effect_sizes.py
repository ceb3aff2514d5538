"""Sizes of paired differences against worked cases, and against the tests they go with."""

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from analysis.effect_sizes import effect_sizes
from analysis.wilcoxon import signed_ranks


def test_a_case_worked_by_hand():
    # Gains 2, 4, -1, 3: ranks 2, 4, 1, 3; 9 of 10 for the model.
    found = effect_sizes([1, 1, 4, 2], [3, 5, 3, 5], unit="points")
    assert (found.mae, found.mae_baseline, found.mae_gain) == (2, 4, 2)
    assert found.rank_biserial == pytest.approx(0.8)
    assert found.d_z == pytest.approx(2 / sqrt(14 / 3))
    assert (found.unit, found.n) == ("points", 4)


@pytest.mark.parametrize("zeros", ["wilcox", "pratt"])
def test_sizes_follow_from_the_tests_statistics(zeros):
    rng = np.random.default_rng(4)
    ours, theirs = rng.integers(0, 9, 200) / 8, rng.integers(0, 10, 200) / 8
    found = effect_sizes(ours, theirs, unit="", zeros=zeros)
    test = signed_ranks(ours, theirs, zeros=zeros)
    assert test.n_zero > 0
    expected = (test.statistic - test.opposite) / (test.statistic + test.opposite)
    assert found.rank_biserial == pytest.approx(expected)
    t = stats.ttest_rel(theirs, ours).statistic
    assert found.d_z == pytest.approx(t / sqrt(200))


def test_signs_turn_with_the_model_and_stay_with_the_unit():
    rng = np.random.default_rng(5)
    ours, theirs = rng.gamma(2, 1, (2, 50))
    forth, back = effect_sizes(ours, theirs, unit=""), effect_sizes(theirs, ours, unit="")
    tenfold = effect_sizes(10 * ours, 10 * theirs, unit="")
    assert forth.d_z == pytest.approx(-back.d_z)
    assert forth.rank_biserial == pytest.approx(-back.rank_biserial)
    assert tenfold.d_z == pytest.approx(forth.d_z)
    assert tenfold.mae_gain == pytest.approx(10 * forth.mae_gain)


def test_all_better_is_one_and_no_difference_has_no_size():
    assert effect_sizes([0, 0], [1, 2], unit="").rank_biserial == 1
    alike = effect_sizes([1, 2], [1, 2], unit="")
    assert (alike.mae_gain, alike.rank_biserial, alike.d_z) == (0, None, None)
    constant = effect_sizes([0, 1], [1, 2], unit="")
    assert (constant.mae_gain, constant.rank_biserial, constant.d_z) == (1, 1, None)
    assert effect_sizes([1], [2], unit="").d_z is None
