"""How often a network orders, names and measures distortions rightly, with intervals over photos.

Photos are the independent units: the pairs or pictures made from one photo are judged by what it
shows, so intervals come from drawing photos again (`analysis.bootstrap`).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.bootstrap import DRAWS, ratios
from analysis.types import Estimate


def rank_accuracy(
    right: ArrayLike,
    tied: ArrayLike,
    wrong: ArrayLike,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    draws: int = DRAWS,
) -> tuple[Estimate | None, ...]:
    """Share of ordered pairs whose less distorted picture has the higher score.

    A tie (two equal scores) is not right: a network that gives every picture the same score has
    accuracy 0, one that guesses 0.5.

    Parameters
    ----------
    right, tied, wrong : array_like of int, shape (photos, groups)
        Pairs of a photo in a group (a distortion, a chain, an aspect) by outcome.
    rng, confidence, draws
        As in `analysis.bootstrap.ratios`.

    Returns
    -------
    tuple of Estimate or None
        One a group, 0..1, `n` counting photos; None for a group without pairs.

    Raises
    ------
    Undefined
        With fewer than two photos.
    ValueError
        For counts that are no whole numbers from 0, or as in `analysis.bootstrap.ratios`.

    References
    ----------
    Kendall and Gibbons (1990), Rank Correlation Methods, chapter 1 (concordant, tied and
    discordant pairs).
    """
    hits = _counts(right, "right")
    pairs = hits + _counts(tied, "tied") + _counts(wrong, "wrong")
    return ratios(hits, pairs, rng=rng, confidence=confidence, draws=draws)


def classification_accuracy(
    right: ArrayLike,
    pictures: ArrayLike,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    draws: int = DRAWS,
) -> tuple[Estimate | None, ...]:
    """Share of pictures whose distortion is named rightly.

    Parameters
    ----------
    right, pictures : array_like of int, shape (photos, groups)
        Pictures of a photo in a group that were named rightly, and all of them.
    rng, confidence, draws
        As in `analysis.bootstrap.ratios`.

    Returns
    -------
    tuple of Estimate or None
        One a group, 0..1, `n` counting photos; None for a group without pictures.

    Raises
    ------
    Undefined
        With fewer than two photos.
    ValueError
        For counts that are no whole numbers from 0, more right ones than pictures, or as in
        `analysis.bootstrap.ratios`.
    """
    hits, all_of_them = _counts(right, "right"), _counts(pictures, "pictures")
    if hits.shape == all_of_them.shape and (hits > all_of_them).any():
        raise ValueError("right must not be more than pictures")
    return ratios(hits, all_of_them, rng=rng, confidence=confidence, draws=draws)


def mean_squared_error(
    squares: ArrayLike,
    pictures: ArrayLike,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    draws: int = DRAWS,
) -> tuple[Estimate | None, ...]:
    """Mean squared error of the intensities that a network reads off pictures.

    Parameters
    ----------
    squares : array_like of float, shape (photos, groups)
        Sum of the squared errors over a photo's pictures in a group.
    pictures : array_like of int, shape (photos, groups)
        How many pictures those are.
    rng, confidence, draws
        As in `analysis.bootstrap.ratios`.

    Returns
    -------
    tuple of Estimate or None
        One a group, in squared units of the intensity, `n` counting photos; None for a group
        without pictures.

    Raises
    ------
    Undefined
        With fewer than two photos.
    ValueError
        For negative squares, counts that are no whole numbers from 0, or as in
        `analysis.bootstrap.ratios`.
    """
    sums = np.asarray(squares, dtype=np.float64)
    if (sums < 0).any():
        raise ValueError("sums of squares must not be negative")
    counted = _counts(pictures, "pictures")
    return ratios(sums, counted, rng=rng, confidence=confidence, draws=draws)


def _counts(values: ArrayLike, name: str) -> NDArray[np.int64]:
    found = np.asarray(values)
    with np.errstate(invalid="ignore"):
        whole = found.astype(np.int64)
    if (whole != found).any() or (whole < 0).any():
        raise ValueError(f"{name} must be whole numbers from 0")
    return whole
