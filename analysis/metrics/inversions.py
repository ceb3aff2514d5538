"""Pairs of rows in the wrong order, for many draws of the same rows."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.metrics.base import Counts, Vector, dot

Indices = NDArray[np.intp]


class Pairs(NamedTuple):
    """Unordered pairs of drawn rows; a row drawn twice is a pair tied in both."""

    all: int
    tied_x: int
    tied_y: int
    tied_both: int
    discordant: int


class _Level(NamedTuple):
    # The rows as merging has them at this level, and 1 for those of a left half.
    order: Indices
    left: Vector
    # Where halves begin and end.
    bounds: Indices


class Inversions:
    """Counts pairs by Knight's merge sort, whose merges are made once and not for every draw.

    Rows are in the order of x, then y. A level joins blocks two by two in the order of y, left
    before right where tied; a row of a right half is discordant with the rows of its left half
    that come after it. Every level is one pass over the counts, so a draw costs O(n log n)
    without sorting. All sums are whole numbers below 2^53.
    """

    def __init__(self, x: Vector, y: Vector) -> None:
        ranks_x, ranks_y = (np.unique(each, return_inverse=True)[1] for each in (x, y))
        self._x, self._y = ranks_x, ranks_y
        self._both = np.unique(ranks_x * (ranks_y.max() + 1) + ranks_y, return_inverse=True)[1]
        self._order = np.lexsort((ranks_y, ranks_x))
        self._levels = _levels(ranks_y[self._order])

    def count(self, counts: Counts) -> Pairs:
        """Return the pairs among rows drawn `counts` times."""
        drawn = counts[self._order]
        before = np.concatenate([[0.0], np.cumsum(drawn)])
        discordant = 0.0
        for order, left, bounds in self._levels:
            taken = drawn[order]
            of_left = taken * left
            taken -= of_left
            halves = np.diff(before[bounds])
            # All left rows of earlier blocks are in both terms and cancel.
            until_end = np.cumsum(halves[0::2])
            np.cumsum(of_left, out=of_left)
            discordant += dot(halves[1::2], until_end) - dot(taken, of_left)
        n = int(before[-1])
        return Pairs(
            all=n * (n - 1) // 2,
            tied_x=_tied(self._x, counts),
            tied_y=_tied(self._y, counts),
            tied_both=_tied(self._both, counts),
            discordant=int(discordant),
        )


def _levels(ranks: Indices) -> list[_Level]:
    n, width, levels = len(ranks), 1, []
    positions = np.arange(n)
    while width < n:
        order = np.argsort(positions // (2 * width) * (int(ranks.max()) + 1) + ranks, kind="stable")
        blocks = -(-n // (2 * width))
        bounds = np.minimum(np.arange(2 * blocks + 1) * width, n)
        left = (order // width % 2 == 0).astype(np.float64)
        levels.append(_Level(order, left, bounds))
        width *= 2
    return levels


def _tied(groups: Indices, counts: Counts) -> int:
    sizes = np.bincount(groups, weights=counts).astype(np.float64)
    return int(dot(sizes, sizes - 1)) // 2
