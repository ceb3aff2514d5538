"""Intervals of proportions."""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from analysis.types import Estimate, Undefined


def wilson(successes: int, n: int, *, confidence: float = 0.95) -> Estimate:
    """Wilson score interval of a binomial proportion.

    Parameters
    ----------
    successes : int
        0..n.
    n : int
        Trials, at least 1.
    confidence : float
        Nominal coverage, between 0 and 1.

    Returns
    -------
    Estimate
        Proportion and interval, each 0..1.

    Raises
    ------
    Undefined
        Without trials.
    ValueError
        For counts or a confidence out of range.

    References
    ----------
    Wilson (1927), JASA 22:209-212; Brown, Cai and DasGupta (2001), Statistical Science 16, eq. 4.
    """
    if n == 0:
        raise Undefined("a proportion needs at least one trial; there are none yet")
    _check(np.array([successes]), np.array([n]), confidence)
    low, high = _wilson_ends(successes / n, n, confidence)
    return Estimate(successes / n, low, high, n, "Wilson", confidence)


def equal_weight(successes: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Mean of several proportions, each with the same weight, with a Wilson interval.

    The interval is Wilson's at the mean, with Kish's effective sample size
    c^2 / sum(1 / n_i) of c conditions in place of n. It ignores that conditions differ, so it is
    a little wide (coverage 95 to 97 % in simulation, where intervals that estimate a variance a
    condition fall below 92 % with few votes each); with one condition it is Wilson's interval.

    Parameters
    ----------
    successes, n : array_like of int, shape (conditions,)
        Counts a condition; conditions without trials are left out of the mean.
    confidence : float
        Nominal coverage, between 0 and 1.

    Returns
    -------
    Estimate
        Mean proportion and interval, each 0..1; `n` counts trials over all conditions.

    Raises
    ------
    Undefined
        When no condition has a trial.
    ValueError
        For counts or a confidence out of range.

    References
    ----------
    Kish (1992), Journal of Official Statistics 8:183-200; Kott and Carr (1997), Journal of
    Official Statistics 13:81-98 (Wilson's interval with an effective sample size).
    """
    k, m = np.asarray(successes), np.asarray(n)
    k, m = k[m != 0], m[m != 0]
    if m.size == 0:
        raise Undefined("a mean over conditions needs a trial in at least one; there are none yet")
    _check(k, m, confidence)
    mean = float((k / m).mean())
    effective = m.size**2 / float((1 / m).sum())
    low, high = _wilson_ends(mean, effective, confidence)
    return Estimate(mean, low, high, int(m.sum()), "Wilson, Kish effective n", confidence)


def _check(successes: NDArray[np.integer], n: NDArray[np.integer], confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; allowed is a number between 0 and 1")
    wrong = (n < 1) | (successes < 0) | (successes > n)
    if wrong.any():
        raise ValueError(
            f"{successes[wrong][0]} successes of {n[wrong][0]} trials; "
            "allowed are 0..n successes of at least 1 trial"
        )


def _wilson_ends(p: float, n: float, confidence: float) -> tuple[float, float]:
    z2 = float(ndtri(0.5 + confidence / 2)) ** 2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = sqrt(z2) / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    # At 0 and 1 the end is 0 and 1 exactly; rounding would leave 1e-17 beside it.
    return (0.0 if p == 0 else centre - half), (1.0 if p == 1 else centre + half)
