"""Two classes on either side of a threshold; the sample holds threshold and rule."""

import numpy as np

from analysis.metrics.base import Counts, Measure, Sample, Vector, dot, mean
from analysis.types import Undefined


def accuracy(sample: Sample) -> Measure:
    """Share of rows whose prediction is on the right side, 0..1."""
    right = (positive(sample.truth, sample) == positive(sample.predictions, sample)).astype(float)
    return lambda counts: mean(right, counts)


def balanced_accuracy(sample: Sample) -> Measure:
    """Mean of the shares of positive and of negative rows that are right, 0..1.

    Undefined where the truth has one class alone.
    """
    high, called = positive(sample.truth, sample), positive(sample.predictions, sample)
    above, below = high.astype(float), (~high).astype(float)
    hits, passes = (high & called).astype(float), (~high & ~called).astype(float)

    def measure(counts: Counts) -> float:
        n_above, n_below = dot(above, counts), dot(below, counts)
        if n_above == 0 or n_below == 0:
            raise Undefined(
                f"all true scores are on one side of {sample.threshold:g}, so that balanced "
                "accuracy is not defined"
            )
        return (dot(hits, counts) / n_above + dot(passes, counts) / n_below) / 2

    return measure


def majority(sample: Sample) -> Measure:
    """Accuracy of a model that puts every row into the class with more (drawn) rows, 0.5..1."""
    above = positive(sample.truth, sample).astype(float)

    def measure(counts: Counts) -> float:
        share = mean(above, counts)
        return max(share, 1 - share)

    return measure


def positive(scores: Vector, sample: Sample) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return which scores are on the high side, by the rule of the sample."""
    if sample.rule == "greater":
        return scores > sample.threshold
    return scores >= sample.threshold
