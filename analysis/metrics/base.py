"""What every metric is made of: a sample, and counts that say how often each row is taken.

A metric is a function that prepares a sample once (orders, differences) and returns a measure; the
measure takes the counts of a resample. With every count 1 it is the plain metric, with the counts
of rows drawn with replacement it is the metric of the drawn rows, without sorting them again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.types import Undefined

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Counts = NDArray[np.float64]
"""Shape (n,); whole numbers from 0, not all zero."""

Measure = Callable[[Counts], float]
"""Raises Undefined where the drawn rows do not define it."""

Rule = Literal["greater", "at_least"]
RULES: tuple[str, ...] = get_args(Rule)
ROWS = 3
"""Least rows of a sample: two are always perfectly correlated."""

# Squares and their sums must stay finite.
_LARGEST = 1e100


class FitFailed(Undefined):
    """A fit behind a metric was not found.

    Attributes
    ----------
    instead : float
        What is documented to stand in its place.
    """

    def __init__(self, text: str, *, instead: float) -> None:
        super().__init__(text)
        self.instead = instead


@dataclass(frozen=True, slots=True)
class Sample:
    """Truth and predictions of the same rows, checked.

    Attributes
    ----------
    truth, predictions : ndarray of float, shape (n,)
        Scores on any scale; higher is better in both.
    truth_bins, predicted_bins : ndarray of float, shape (n, bins), or None
        Distributions, each row with sum 1.
    threshold : float
        Separates the two classes, on the scale of both.
    rule : str
        "greater": a row is positive above the threshold; "at_least": at it, too.
    """

    truth: Vector
    predictions: Vector
    truth_bins: Matrix | None
    predicted_bins: Matrix | None
    threshold: float
    rule: Rule


def sample_make(
    truth: ArrayLike,
    predictions: ArrayLike,
    *,
    truth_bins: ArrayLike | None = None,
    predicted_bins: ArrayLike | None = None,
    threshold: float,
    rule: Rule,
) -> Sample:
    """Check numbers and shapes; bins may be counts of votes and are divided by their sum.

    Raises
    ------
    Undefined
        With fewer than three rows.
    ValueError
        For shapes that differ, numbers that are not finite or above 1e100, bins that are negative
        or sum to 0, and a rule or threshold that is none.
    """
    if rule not in RULES:
        raise ValueError(f"the rule is {rule!r}; allowed are: {', '.join(RULES)}")
    if not np.isfinite(threshold):
        raise ValueError(f"the threshold is {threshold}; allowed is a finite number")
    scores, predicted = _scores(truth, "truth"), _scores(predictions, "predictions")
    if len(scores) != len(predicted):
        raise ValueError(
            f"truth has {len(scores)} rows, predictions have {len(predicted)}; "
            "both must be of the same rows, in the same order"
        )
    if len(scores) < ROWS:
        raise Undefined(f"metrics need at least {ROWS} rows; there are {len(scores)}")
    bins = _bins(truth_bins, "truth_bins", len(scores))
    other = _bins(predicted_bins, "predicted_bins", len(scores))
    if bins is not None and other is not None and bins.shape != other.shape:
        raise ValueError(
            f"truth has {bins.shape[1]} bins, predictions have {other.shape[1]}; "
            "both must have the same bins"
        )
    return Sample(scores, predicted, bins, other, float(threshold), rule)


def _scores(values: ArrayLike, name: str) -> Vector:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1:
        raise ValueError(f"{name} has shape {found.shape}; it must be one number a row")
    _finite(found, name)
    return found


def _bins(values: ArrayLike | None, name: str, n: int) -> Matrix | None:
    if values is None:
        return None
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2 or len(found) != n or found.shape[1] < 2:
        raise ValueError(f"{name} has shape {found.shape}; it must be {n} rows x at least 2 bins")
    _finite(found, name)
    sums = found.sum(axis=1, keepdims=True)
    wrong = (found < 0).any(axis=1) | (sums[:, 0] <= 0)
    if wrong.any():
        raise ValueError(
            f"{name} of row {int(wrong.argmax())} (counted from 0) are negative or sum to 0; "
            "they must be shares or counts"
        )
    shares: Matrix = found / sums
    return shares


def _finite(found: NDArray[np.float64], name: str) -> None:
    with np.errstate(invalid="ignore"):
        wrong = ~(np.abs(found) <= _LARGEST)
    if wrong.any():
        row = int(np.argwhere(wrong)[0][0])
        raise ValueError(
            f"{name} have {int(wrong.sum())} values that are no finite numbers up to 1e100, the "
            f"first in row {row} (counted from 0); leave those rows out on both sides"
        )


def dot(one: Vector, other: Vector) -> float:
    """Return the sum of products; unlike a BLAS, the same bits for any number of threads."""
    return float(np.einsum("n,n->", one, other))


def mean(values: Vector, counts: Counts) -> float:
    """Return the mean of the drawn rows."""
    return dot(values, counts) / float(counts.sum())


def scaled(values: Vector) -> Vector:
    """Return the values moved and scaled into -1..1, which no correlation sees."""
    centred: Vector = values - values.mean()
    largest = float(np.abs(centred).max())
    if largest > 0:
        centred /= largest
    return centred


def constant(values: Vector, counts: Counts) -> bool:
    """Whether all drawn rows have the same value."""
    drawn = values[counts > 0]
    return bool((drawn == drawn[0]).all())
