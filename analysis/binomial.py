"""Exact inference about one proportion; no normal approximation, so any n will do."""

from scipy.special import betaincinv
from scipy.stats import binom

from analysis.types import Estimate, Undefined


def exact_interval(successes: int, n: int, *, confidence: float = 0.95) -> Estimate:
    """Clopper-Pearson interval of a binomial proportion.

    Parameters
    ----------
    successes : int
        0..n.
    n : int
        Trials, at least 1.
    confidence : float
        Least coverage, between 0 and 1; the interval covers at least that often, for every n.

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
    Clopper and Pearson (1934), Biometrika 26:404-413.
    """
    if n == 0:
        raise Undefined("a proportion needs at least one trial; there are none yet")
    _check(successes, n)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; allowed is a number between 0 and 1")
    tail = (1 - confidence) / 2
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return Estimate(successes / n, low, high, n, "Clopper-Pearson", confidence)


def above_chance(successes: int, n: int, *, chance: float = 0.5) -> float:
    """One-sided exact p: how probable so many successes or more are at `chance`.

    Parameters
    ----------
    successes, n : int
        0..n successes; n may be 0, which says nothing: p is 1.
    chance : float
        Probability of a success where nothing is known, between 0 and 1.

    Raises
    ------
    ValueError
        For counts or a chance out of range.
    """
    _check(successes, n)
    if not 0 < chance < 1:
        raise ValueError(f"chance is {chance}; allowed is a number between 0 and 1")
    return float(binom.sf(successes - 1, n, chance))


def _check(successes: int, n: int) -> None:
    if n < 0 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} trials; allowed are 0..n successes")
