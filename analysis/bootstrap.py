"""Intervals of ratios of sums by drawing the independent units (photos) again."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.types import Estimate, Undefined

DRAWS = 2000
"""Resamples behind an interval."""

PERCENTILE = "bootstrap of photos, percentile"
"""Name of the interval."""

# Weights of a block of resamples stay below 16 MB, whatever the number of photos.
_BLOCK = 2_000_000

Matrix = NDArray[np.float64]


def ratios(
    numerators: ArrayLike,
    denominators: ArrayLike,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    draws: int = DRAWS,
) -> tuple[Estimate | None, ...]:
    """Ratio of two sums over photos, for many groups at once, each with a percentile interval.

    Photos are drawn again with replacement, the same ones for every group, so pairs or pictures of
    one photo stay together and only photos need to be independent. The ends are the quantiles of
    the resampled ratios. In simulation (beta-binomial photos, 500 pairs each, mean share 0.7) the
    nominal 95 % cover 83 % with 5 photos, 90 % with 10, 93 % with 20 and 94 to 95 % from 40 on.
    Where all photos agree the interval has no width.

    Parameters
    ----------
    numerators, denominators : array_like of float, shape (photos, groups)
        What is summed; denominators are not negative.
    rng : numpy.random.Generator
        For the resamples.
    confidence : float
        Nominal coverage, between 0 and 1.
    draws : int
        Resamples, at least 2.

    Returns
    -------
    tuple of Estimate or None
        One a group, `n` counting photos; None for a group whose denominators are all zero.
        Resamples without a photo that a group occurs in are left out of its interval.

    Raises
    ------
    Undefined
        With fewer than two photos.
    ValueError
        For shapes, denominators, draws or a confidence out of range, or numbers that are not
        finite.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13; Davison and Hinkley
    (1997), Bootstrap Methods and their Application, sections 2.4 and 5.3.
    """
    top, bottom = _checked(numerators, denominators, confidence, draws)
    photos = len(top)
    if photos < 2:
        raise Undefined(f"an interval over photos needs at least two photos; there are {photos}")
    drawn = _resampled(top, bottom, rng, draws)
    tail = (1 - confidence) / 2
    found: list[Estimate | None] = []
    for total, count, column in zip(top.sum(axis=0), bottom.sum(axis=0), drawn.T, strict=True):
        if count == 0:
            found.append(None)
            continue
        low, high = np.nanquantile(column, [tail, 1 - tail])
        value = float(total / count)
        found.append(Estimate(value, float(low), float(high), photos, PERCENTILE, confidence))
    return tuple(found)


def _resampled(top: Matrix, bottom: Matrix, rng: np.random.Generator, draws: int) -> Matrix:
    """Return the groups' ratios in each resample, shape (draws, groups); NaN where undefined."""
    photos = len(top)
    block = max(1, min(draws, _BLOCK // photos))
    even = np.full(photos, 1 / photos)
    # A product of matrices with the photos' multiplicities is far quicker than picking rows.
    both = np.concatenate([top, bottom], axis=1)
    parts = []
    for start in range(0, draws, block):
        weights = rng.multinomial(photos, even, size=min(block, draws - start))
        sums = weights.astype(np.float64) @ both
        above, below = sums[:, : top.shape[1]], sums[:, top.shape[1] :]
        part = np.full(above.shape, np.nan)
        np.divide(above, below, out=part, where=below > 0)
        parts.append(part)
    return np.concatenate(parts)


def _checked(
    numerators: ArrayLike, denominators: ArrayLike, confidence: float, draws: int
) -> tuple[Matrix, Matrix]:
    top = np.asarray(numerators, dtype=np.float64)
    bottom = np.asarray(denominators, dtype=np.float64)
    if top.ndim != 2 or top.shape != bottom.shape:
        raise ValueError(
            f"numerators have shape {top.shape}, denominators {bottom.shape}; both must have the "
            "same, photos x groups"
        )
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; allowed is a number between 0 and 1")
    if draws < 2:
        raise ValueError(f"draws is {draws}; at least 2 are needed for an interval")
    if not (np.isfinite(top).all() and np.isfinite(bottom).all()):
        raise ValueError("numerators and denominators must be finite numbers")
    if (bottom < 0).any():
        raise ValueError("denominators must not be negative")
    return top, bottom
