"""Intervals over photos against SciPy's bootstrap, closed forms and simulation."""

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from analysis.bootstrap import ratios
from analysis.rank_accuracy import classification_accuracy, mean_squared_error, rank_accuracy
from analysis.types import Undefined


def rng(seed: int = 20210619) -> np.random.Generator:
    return np.random.default_rng(seed)


def outcomes(photos: int, groups: int, *, pairs: int = 30, mean: float = 0.7, seed: int = 3):
    """Right and wrong pairs of photos that differ in how hard they are."""
    draw = rng(seed)
    right = draw.binomial(pairs, draw.beta(10 * mean, 10 * (1 - mean), size=(photos, groups)))
    return right, np.zeros_like(right), pairs - right


def test_the_share_counts_ties_as_not_right():
    right, tied, wrong = [[3], [1]], [[1], [0]], [[0], [3]]
    (estimate,) = rank_accuracy(right, tied, wrong, rng=rng())
    assert estimate.value == 4 / 8
    assert (estimate.n, estimate.confidence) == (2, 0.95)


def test_two_photos_have_the_binomial_interval():
    # One photo all right, one all wrong: a resample is 0, 1/2 or 1 with 1/4, 1/2, 1/4.
    (wide,) = ratios([[4], [0]], [[4], [4]], rng=rng())
    assert (wide.low, wide.value, wide.high) == (0, 0.5, 1)
    (narrow,) = ratios([[4], [0]], [[4], [4]], rng=rng(), confidence=0.4)
    assert (narrow.low, narrow.high) == (0.5, 0.5)


def test_photos_with_one_pair_have_the_quantiles_of_a_binomial():
    right = np.array([[1]] * 60 + [[0]] * 40)
    (estimate,) = rank_accuracy(right, right * 0, 1 - right, rng=rng(), draws=20_000)
    expected = stats.binom.ppf([0.025, 0.975], 100, 0.6) / 100
    assert (estimate.low, estimate.high) == pytest.approx(expected, abs=0.0101)


def test_many_photos_have_the_normal_interval_of_a_mean():
    right, tied, wrong = outcomes(1000, 1)
    (estimate,) = rank_accuracy(right, tied, wrong, rng=rng(), draws=20_000)
    half = 1.959964 * float((right / 30).std()) / sqrt(1000)
    assert (estimate.value - estimate.low) / half == pytest.approx(1, abs=0.06)
    assert (estimate.high - estimate.value) / half == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("varying", [False, True])
def test_it_agrees_with_scipys_bootstrap(varying: bool):
    right, _tied, wrong = outcomes(30, 1)
    if varying:
        # Photos with fewer pairs: a ratio of sums, no mean of shares.
        right[:10], wrong[:10] = right[:10] // 6, wrong[:10] // 6
    top, bottom = right[:, 0], right[:, 0] + wrong[:, 0]
    (ours,) = ratios(right, right + wrong, rng=rng(), draws=20_000)
    theirs = stats.bootstrap(
        (top, bottom),
        lambda a, b, axis: a.sum(axis) / b.sum(axis),
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        method="percentile",
        rng=rng(1),
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.03 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.03 * width)


@pytest.mark.parametrize(("photos", "least"), [(10, 0.86), (65, 0.925)])
def test_the_interval_covers_the_truth_as_often_as_documented(photos: int, least: float):
    right, tied, wrong = outcomes(photos, 1000, pairs=500)
    found = rank_accuracy(right, tied, wrong, rng=rng(), draws=1000)
    covered = np.mean([each.low <= 0.7 <= each.high for each in found])
    assert least < covered < 0.97


def test_groups_do_not_change_each_other():
    right, tied, wrong = outcomes(20, 5)
    together = rank_accuracy(right, tied, wrong, rng=rng())
    alone = [
        rank_accuracy(right[:, [g]], tied[:, [g]], wrong[:, [g]], rng=rng())[0] for g in range(5)
    ]
    for one, other in zip(together, alone, strict=True):
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-12)


def test_the_order_of_groups_and_the_scale_of_errors_carry_through():
    squares = rng().gamma(2.0, size=(25, 3))
    pictures = np.full((25, 3), 11)
    plain = mean_squared_error(squares, pictures, rng=rng())
    scaled = mean_squared_error(4 * squares[:, ::-1], pictures, rng=rng())
    for one, other in zip(plain, reversed(scaled), strict=True):
        assert 4 * one.value == pytest.approx(other.value)
        assert 4 * one.low == pytest.approx(other.low)
        assert 4 * one.high == pytest.approx(other.high)


def test_a_group_without_pairs_has_no_estimate():
    right, tied, wrong = outcomes(4, 2)
    right[:, 1] = wrong[:, 1] = 0
    first, second = rank_accuracy(right, tied, wrong, rng=rng())
    assert first is not None
    assert second is None


def test_a_group_of_one_photo_leaves_out_resamples_without_it():
    right, wrong = np.array([[2], [0], [0]]), np.array([[1], [0], [0]])
    (estimate,) = rank_accuracy(right, right * 0, wrong, rng=rng())
    assert estimate.low == estimate.value == estimate.high == pytest.approx(2 / 3)


def test_blocks_of_resamples_are_all_drawn():
    # 3000 photos leave room for 666 resamples a block: four blocks, the last one short.
    right, tied, wrong = outcomes(3000, 2)
    (estimate, _other) = rank_accuracy(right, tied, wrong, rng=rng())
    assert estimate.low < estimate.value < estimate.high
    assert estimate.high - estimate.low < 0.03


@pytest.mark.parametrize("photos", [0, 1])
def test_fewer_than_two_photos_have_no_interval(photos: int):
    counts = np.ones((photos, 2), dtype=int)
    with pytest.raises(Undefined, match=f"at least two photos; there are {photos}"):
        classification_accuracy(counts, counts, rng=rng())


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: rank_accuracy([[1.5]], [[0]], [[0]], rng=rng()), "right must be whole"),
        (lambda: rank_accuracy([[1]], [[-1]], [[0]], rng=rng()), "tied must be whole"),
        (lambda: rank_accuracy([[1]], [[0]], [[np.nan]], rng=rng()), "wrong must be whole"),
        (lambda: classification_accuracy([[3]], [[2]], rng=rng()), "more than pictures"),
        (lambda: mean_squared_error([[-0.1]], [[2]], rng=rng()), "must not be negative"),
        (lambda: mean_squared_error([[np.nan]], [[2]], rng=rng()), "finite"),
        (lambda: ratios([1, 2], [1, 2], rng=rng()), "photos x groups"),
        (lambda: ratios([[1]], [[1, 2]], rng=rng()), "photos x groups"),
        (lambda: ratios([[1], [1]], [[1], [-2]], rng=rng()), "must not be negative"),
        (lambda: ratios([[1], [1]], [[1], [2]], rng=rng(), confidence=95), "confidence is 95"),
        (lambda: ratios([[1], [1]], [[1], [2]], rng=rng(), draws=1), "draws is 1"),
    ],
)
def test_impossible_input_is_refused(call, text: str):
    with pytest.raises(ValueError, match=text):
        call()
