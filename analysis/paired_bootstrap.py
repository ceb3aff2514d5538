"""Intervals by drawing rows again, the same ones for everything that is compared.

What is drawn are counts, one a row, so a statistic sees weights and never picked rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.types import Undefined

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Counts = NDArray[np.float64]

Statistic = Callable[[Counts], Vector]
"""From counts, shape (n,), to numbers, shape (k,), NaN where the draw does not define one."""

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How intervals are made.

    Attributes
    ----------
    resamples : int
        At least 2; what is published has at least 1,000.
    seed : int
        From 0. Resample i depends on seed and i alone.
    confidence : float
        Nominal coverage, between 0 and 1.
    """

    resamples: int = RESAMPLES
    seed: int = 0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Raise ValueError for what is out of range."""
        for name, least in (("resamples", 2), ("seed", 0)):
            value = getattr(self, name)
            if value < least:
                raise ValueError(f"{name} is {value}; allowed are whole numbers from {least}")
        if not 0 < self.confidence < 1:
            raise ValueError(
                f"confidence is {self.confidence}; allowed is a number between 0 and 1"
            )


class Units:
    """What is drawn: the rows, or groups of rows that stay together.

    Parameters
    ----------
    n : int
        Rows.
    groups : array_like, shape (n,), or None
        Name of each row's group (its reference image, for one): the cluster bootstrap, for rows
        that are not independent within a group. A resample then has as many groups as the data,
        and not always as many rows.

    Raises
    ------
    Undefined
        With fewer than two units.
    ValueError
        For groups that are not one a row.

    References
    ----------
    Davison and Hinkley (1997), Bootstrap Methods and their Application, sections 2.4 and 3.8.
    """

    def __init__(self, n: int, groups: ArrayLike | None = None) -> None:
        self.count = n
        self._group_of_row: NDArray[np.intp] | None = None
        self.name = "rows"
        if groups is not None:
            names = np.asarray(groups)
            if names.shape != (n,):
                raise ValueError(f"groups have shape {names.shape}; one name for each of {n} rows")
            found, self._group_of_row = np.unique(names, return_inverse=True)
            self.count, self.name = len(found), "groups"
        if self.count < 2:
            raise Undefined(
                f"an interval needs at least two {self.name} to draw from; there are {self.count}"
            )

    @property
    def method(self) -> str:
        """Name of the interval, for captions and exports."""
        return f"paired bootstrap of {self.name}, percentile"

    def draw(self, seed: int, resample: int) -> Counts:
        """Return how often each row is in a resample."""
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(resample,)))
        drawn = rng.integers(0, self.count, size=self.count)
        counts = np.bincount(drawn, minlength=self.count).astype(np.float64)
        return counts if self._group_of_row is None else counts[self._group_of_row]


class Interval(NamedTuple):
    """Percentile ends; None where no resample defines the number."""

    low: float | None
    high: float | None
    left_out: int
    """Resamples that do not define the number and are not in the ends."""


def resampled(statistic: Statistic, units: Units, bootstrap: Bootstrap) -> Matrix:
    """Return the statistic of each resample, shape (resamples, k)."""
    return np.stack([statistic(units.draw(bootstrap.seed, i)) for i in range(bootstrap.resamples)])


def interval(values: Vector, confidence: float) -> Interval:
    """Return the quantiles of resampled values, shape (resamples,)."""
    defined = values[~np.isnan(values)]
    left_out = len(values) - len(defined)
    if not len(defined):
        return Interval(None, None, left_out)
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(float(low), float(high), left_out)
