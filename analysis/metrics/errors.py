"""Sizes of errors, in the unit of the scores."""

from math import sqrt

import numpy as np

from analysis.metrics.base import Counts, Measure, Sample, constant, dot, mean


def mae(sample: Sample) -> Measure:
    """Mean absolute error."""
    errors = np.abs(sample.predictions - sample.truth)
    return lambda counts: mean(errors, counts)


def rmse(sample: Sample) -> Measure:
    """Root of the mean squared error."""
    squares = (sample.predictions - sample.truth) ** 2
    return lambda counts: sqrt(mean(squares, counts))


def mae_linear(sample: Sample) -> Measure:
    """Mean absolute error after the straight line a + b x that fits the truth best.

    The line is found by least squares on the drawn rows themselves, so that scales of other
    data sets (0..9 and 1..10) compare. Constant predictions leave the mean of the truth.
    """
    x, y = sample.predictions, sample.truth

    def measure(counts: Counts) -> float:
        a, b = x - mean(x, counts), y - mean(y, counts)
        weighted = a * counts
        spread = dot(weighted, a)
        if spread > 0 and not constant(x, counts):
            b -= a * (dot(weighted, b) / spread)
        return mean(np.abs(b), counts)

    return measure


def mae_constant(sample: Sample) -> Measure:
    """Mean absolute error of a model that always predicts the mean of the (drawn) truth."""
    truth = sample.truth
    return lambda counts: mean(np.abs(truth - mean(truth, counts)), counts)
