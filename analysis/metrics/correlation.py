"""Correlations of predictions with the truth."""

from math import sqrt

import numpy as np

from analysis.metrics.base import Counts, Measure, Sample, Vector, constant, dot, mean, scaled
from analysis.metrics.inversions import Inversions
from analysis.types import Undefined

CONSTANT = "all {what} are the same, so that no correlation is defined"
_SMALL = 1e-20


def lcc(sample: Sample) -> Measure:
    """Pearson's linear correlation coefficient of the raw scores, -1..1.

    Undefined where either side is constant.
    """
    x, y = scaled(sample.predictions), scaled(sample.truth)

    def measure(counts: Counts) -> float:
        a, b = x - mean(x, counts), y - mean(y, counts)
        weighted = a * counts
        spread_x, spread_y = dot(weighted, a), dot(b * counts, b)
        # Rounding leaves equal values a spread of 1e-32 a row.
        if min(spread_x, spread_y) < _SMALL * len(counts):
            not_constant(sample, counts)
        product = spread_x * spread_y
        if product == 0:
            raise Undefined("the scores differ too little for a correlation in double precision")
        return bounded(dot(weighted, b) / sqrt(product))

    return measure


def srcc(sample: Sample) -> Measure:
    """Spearman's rank correlation coefficient, -1..1: Pearson's of mid-ranks.

    Ties have the mean of their ranks. All sums are whole numbers below 2^53 for up to 200,000
    drawn rows, so the result of a resample has the very bits of that of its rows. Undefined where
    either side is constant.

    References
    ----------
    Kendall and Gibbons (1990), Rank Correlation Methods, sections 1.14 and 3.8.
    """
    x, y = _Ranks(sample.predictions), _Ranks(sample.truth)

    def measure(counts: Counts) -> float:
        a, b = x.doubled(counts), y.doubled(counts)
        weighted = a * counts
        product = dot(weighted, a) * dot(b * counts, b)
        if product == 0:
            not_constant(sample, counts)
        return bounded(dot(weighted, b) / sqrt(product))

    return measure


def krcc(sample: Sample) -> Measure:
    """Kendall's tau-b, -1..1.

    (concordant - discordant) / sqrt(pairs not tied in one x pairs not tied in the other), in whole
    numbers. Undefined where either side is constant.

    References
    ----------
    Kendall and Gibbons (1990), Rank Correlation Methods, chapter 3; Knight (1966), JASA
    61:436-439.
    """
    inversions = Inversions(sample.predictions, sample.truth)

    def measure(counts: Counts) -> float:
        pairs, tied_x, tied_y, tied_both, discordant = inversions.count(counts)
        if tied_x == pairs or tied_y == pairs:
            not_constant(sample, counts)
        score = pairs - tied_x - tied_y + tied_both - 2 * discordant
        return bounded(score / sqrt((pairs - tied_x) * (pairs - tied_y)))

    return measure


def not_constant(sample: Sample, counts: Counts) -> None:
    """Raise Undefined where all drawn predictions, or all truths, are the same."""
    if constant(sample.predictions, counts):
        raise Undefined(CONSTANT.format(what="predictions"))
    if constant(sample.truth, counts):
        raise Undefined(CONSTANT.format(what="true scores"))


def bounded(value: float) -> float:
    """Return a correlation without what rounding leaves beyond 1."""
    return min(1.0, max(-1.0, value))


class _Ranks:
    """Mid-ranks of any draw of the same values, in one pass."""

    def __init__(self, values: Vector) -> None:
        found, place = np.unique(values, return_inverse=True)
        self._order = np.argsort(place, kind="stable")
        ends = np.cumsum(np.bincount(place, minlength=len(found)))
        starts = np.concatenate([[0], ends[:-1]])
        self._start, self._end = starts[place], ends[place]
        self._distinct = len(found) == len(values)

    def doubled(self, counts: Counts) -> Vector:
        """Return twice the distance of each row's mid-rank to the mean rank: a whole number.

        A value whose equals have the ranks b + 1 to e has the mid-rank (b + 1 + e) / 2, and the
        mean of the ranks 1 to m is (m + 1) / 2.
        """
        below = np.empty(len(counts) + 1)
        below[0] = 0
        np.cumsum(counts[self._order], out=below[1:])
        middle = below[self._end]
        if self._distinct:
            middle += middle
            middle -= counts
        else:
            middle += below[self._start]
        middle -= below[-1]
        return middle
