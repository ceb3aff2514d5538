"""The signed-rank test against counting every pattern of signs, R, SciPy and textbooks."""

from itertools import product
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.types import Undefined
from analysis.wilcoxon import EXACT_UP_TO, signed_ranks


def midranks(sizes):
    """Mean of the places that a size takes among all, counted by hand."""
    return [
        sum(other < size for other in sizes) + (sum(other == size for other in sizes) + 1) / 2
        for size in sizes
    ]


def enumerated(gains, zeros):
    """W+ and its chance, by every pattern of signs of the gains that are not zero."""
    ranked = gains if zeros == "pratt" else [gain for gain in gains if gain]
    ranks = midranks([abs(gain) for gain in ranked])
    of_zero = [rank for rank, gain in zip(ranks, ranked, strict=True) if gain]
    observed = sum(rank for rank, gain in zip(ranks, ranked, strict=True) if gain > 0)
    sums = [
        sum(rank for rank, up in zip(of_zero, signs, strict=True) if up)
        for signs in product((False, True), repeat=len(of_zero))
    ]
    return observed, np.array(sums)


def errors_of(gains):
    """Errors of a model and a baseline whose difference is exact."""
    base = np.full(len(gains), 64.0)
    return base - np.asarray(gains, dtype=float), base


def gains_of(counts):
    return [value for value, times in counts.items() for _ in range(times)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-6, 6), min_size=1, max_size=9), st.sampled_from(["wilcox", "pratt"]))
def test_few_images_have_the_chance_of_all_patterns_of_signs(gains, zeros):
    observed, sums = enumerated(gains, zeros)
    found = signed_ranks(*errors_of(gains), zeros=zeros)
    assert found.statistic == pytest.approx(observed)
    assert found.statistic + found.opposite == pytest.approx(sums.max())
    assert found.p == pytest.approx((sums >= observed).mean(), rel=1e-12)
    assert found.distribution in ("exact", "enumerated")
    assert (found.z, found.continuity) == (None, False)
    assert (found.n, found.n_zero) == (len(gains), gains.count(0))


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(1, 15)), st.lists(st.booleans(), min_size=14, max_size=14))
def test_images_without_ties_have_the_exact_chance(sizes, signs):
    gains = [size if up else -size for size, up in zip(sizes, signs, strict=True)]
    observed, sums = enumerated(gains, "wilcox")
    found = signed_ranks(*errors_of(gains))
    assert found.distribution == "exact"
    assert found.p == pytest.approx((sums >= observed).mean(), rel=1e-10)


@pytest.mark.parametrize("zeros", ["wilcox", "pratt"])
@pytest.mark.parametrize("continuity", [False, True])
def test_the_normal_approximation_has_the_moments_of_all_patterns(zeros, continuity):
    # 14 differing images with ties, and 3 without a difference.
    gains = [0, 0, 0, 1, 1, -1, 2, 2, -2, 2, 3, -4, 5, 5, 5, -6, 7]
    observed, sums = enumerated(gains, zeros)
    found = signed_ranks(*errors_of(gains), zeros=zeros, continuity=continuity)
    expected = (observed - 0.5 * continuity - sums.mean()) / sums.std()
    assert found.distribution == "normal"
    assert found.continuity is continuity
    assert found.z == pytest.approx(expected, rel=1e-12)
    assert found.p == pytest.approx(stats.norm.sf(expected), rel=1e-10)
    # And it is near the truth.
    assert found.p == pytest.approx((sums >= observed).mean(), abs=0.01)


def test_one_ranked_zero_leaves_the_distribution_of_the_others():
    # Ranks 2, 3, 4 of the differing images; 3 + 4 or more in 2 of 8 patterns.
    found = signed_ranks(*errors_of([0, -1, 2, 3]), zeros="pratt")
    assert (found.statistic, found.opposite, found.p) == (7, 2, 0.25)
    assert found.distribution == "enumerated"


def test_hollander_and_wolfes_depression_scores():
    # R: wilcox.test(x, y, paired = TRUE, alternative = "greater"): V = 40, p-value = 0.01953.
    before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
    after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    found = signed_ranks(after, before)
    assert (found.statistic, found.opposite, found.p) == (40, 5, 10 / 512)
    assert found.method == "Wilcoxon signed-rank, one-sided, zeros dropped, exact"


def test_darwins_maize():
    # SciPy's documentation, the greater alternative.
    gains = [6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75]
    model, base = np.where(np.array(gains) < 0, 0, gains), np.where(np.array(gains) < 0, gains, 0)
    found = signed_ranks(-base, model)
    assert found.statistic == 96
    assert found.p == pytest.approx(0.020629882812, abs=1e-12)


@pytest.mark.parametrize(
    ("zeros", "statistic", "two_sided"),
    [("pratt", 423, 0.0031724568006762576), ("wilcox", 327, 0.00641346115861)],
)
def test_scipys_reference_values_with_ties_and_zeros(zeros, statistic, two_sided):
    counts = dict(zip(range(-4, 5), [1, 4, 16, 15, 8, 4, 5, 1, 2], strict=True))
    gains = -np.array(gains_of(counts))
    found = signed_ranks(*errors_of(gains), zeros=zeros)
    assert min(found.statistic, found.opposite) == statistic
    assert found.p == pytest.approx(two_sided / 2, rel=1e-9)
    assert found.n_zero == 8


def test_a_larger_sample_worked_by_hand():
    # Each size from 1 to 20 comes three times, those from 21 to 40 once.
    gains = [*range(1, 41), *range(-20, 0), *range(-20, 0)]
    observed = sum(midranks([abs(g) for g in gains])[:40])
    ties = 20 * (3**3 - 3)
    sd = sqrt(80 * 81 * 161 / 24 - ties / 48)
    for continuity in (False, True):
        z = (observed - 80 * 81 / 4 - 0.5 * continuity) / sd
        found = signed_ranks(*errors_of(gains), continuity=continuity)
        assert found.z == pytest.approx(z, rel=1e-12)


def test_the_exact_tail_keeps_its_digits():
    gains = np.arange(1, EXACT_UP_TO + 1)
    assert signed_ranks(*errors_of(gains)).p == pytest.approx(2.0**-EXACT_UP_TO, rel=1e-9)
    assert signed_ranks(*errors_of(-gains)).p == pytest.approx(1, rel=1e-12)


def test_the_exact_distribution_ends_with_fifty_images():
    gains = np.arange(1, EXACT_UP_TO + 2)
    assert signed_ranks(*errors_of(gains)).distribution == "normal"
    # A zero that is dropped does not count.
    assert signed_ranks(*errors_of([0, *gains[:-1]])).distribution == "exact"


def test_the_model_and_the_baseline_change_places():
    rng = np.random.default_rng(6)
    ours, theirs = rng.gamma(2, 0.2, 300), rng.gamma(2, 0.25, 300)
    forth, back = signed_ranks(ours, theirs), signed_ranks(theirs, ours)
    assert (forth.statistic, forth.opposite) == (back.opposite, back.statistic)
    assert forth.z == pytest.approx(-back.z)
    assert forth.p == pytest.approx(1 - back.p)
    assert forth.p < 0.01 < back.p


def test_the_size_of_the_test_is_its_level():
    # No difference: p is below 0.05 in 5 of 100.
    rng = np.random.default_rng(8)
    draws = rng.gamma(2, 0.2, (2, 2000, 60))
    below = np.mean([signed_ranks(a, b).p <= 0.05 for a, b in zip(*draws, strict=True)])
    assert below == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("zeros", ["wilcox", "pratt"])
@pytest.mark.parametrize("n", [1, 5, 400])
def test_a_model_that_errs_like_the_baseline_has_p_1(zeros, n):
    found = signed_ranks(np.ones(n), np.ones(n), zeros=zeros)
    assert (found.statistic, found.opposite, found.z, found.p) == (0, 0, None, 1)
    assert (found.n, found.n_zero, found.distribution) == (n, n, "exact")


def test_twenty_thousand_images():
    rng = np.random.default_rng(9)
    base = rng.gamma(2, 0.25, 20_000)
    found = signed_ranks(np.abs(base - rng.normal(0.002, 0.05, 20_000)), base)
    assert found.distribution == "normal"
    assert found.statistic + found.opposite == 20_000 * 20_001 / 2
    assert found.n == 20_000


def test_inputs_stay_as_they_were():
    ours, theirs = np.array([0.0, 1.0, 2.0]), np.array([0.0, 3.0, 1.0])
    signed_ranks(ours, theirs)
    assert (ours.tolist(), theirs.tolist()) == ([0, 1, 2], [0, 3, 1])


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [
        ([1, 2], [1, 2, 3], "shape"),
        ([[1, 2]], [[1, 2]], "shape"),
        ([1, float("nan")], [1, 2], "the model's absolute error of image 1"),
        ([1, 2], [1, -2], "the baseline's absolute error of image 1 .* is -2"),
        ([1, 2], [1, float("inf")], "finite"),
    ],
)
def test_it_refuses_what_are_no_paired_errors(ours, theirs, message):
    with pytest.raises(ValueError, match=message):
        signed_ranks(ours, theirs)


def test_it_refuses_no_images_and_an_unknown_rule():
    with pytest.raises(Undefined, match="at least one image"):
        signed_ranks([], [])
    with pytest.raises(ValueError, match="allowed are wilcox, pratt"):
        signed_ranks([1], [2], zeros="zsplit")
