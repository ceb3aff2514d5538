"""Distances between distributions of ratings."""

import numpy as np

from analysis.metrics.base import Measure, Sample, mean


def emd(sample: Sample) -> Measure:
    """Earth mover's distance with r = 2 of each row, then their mean; 0..1.

    sqrt(mean over bins of (difference of the cumulative shares)^2).

    Raises
    ------
    ValueError
        Without distributions on both sides.

    References
    ----------
    Talebi and Milanfar (2018), NIMA, IEEE TIP 27:3998-4011, equation 1.
    """
    if sample.truth_bins is None or sample.predicted_bins is None:
        raise ValueError("EMD needs distributions of truth and predictions; one is missing")
    steps = np.cumsum(sample.predicted_bins - sample.truth_bins, axis=1)
    distances = np.sqrt((steps**2).mean(axis=1))
    return lambda counts: mean(distances, counts)
