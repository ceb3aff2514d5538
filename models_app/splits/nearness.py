"""Which of many 64-bit hashes differ in few bits, without comparing all with all."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

BANDS, BITS = 4, 16
CHUNK = 4_000_000
"""Pairs that are looked at at once."""

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Nearest:
    """For every hash of one side what the other side has near it.

    Attributes
    ----------
    place
        Of the nearest on the other side, the first of equals; -1 where none is near. int64 [N].
    bits
        In which they differ; 0 where none is near. int64 [N].
    count
        How many are near. int64 [N].
    """

    place: Places
    bits: Places
    count: Places


def nearest(ours: Hashes, theirs: Hashes, most: int) -> Nearest:
    """Find for every hash of ours, uint64 [N], those of theirs, uint64 [M], within so many bits.

    Exact: hashes that differ in at most `most` bits differ in at most `most // 4` of one of their
    four quarters, and the quarters of theirs are looked up (M. Norouzi et al., "Fast Search in
    Hamming Space with Multi-Index Hashing", CVPR 2012).

    Parameters
    ----------
    most
        0 to 11; the work grows with the neighbours of a quarter: 1, 17, 137.
    """
    place, bits, count = (np.full(len(ours), fill, np.int64) for fill in (-1, 0, 0))
    if not len(ours) or not len(theirs):
        return Nearest(place, bits, count)
    # Equal hashes, as of one picture under many names, are compared once.
    our, our_back = np.unique(ours, return_inverse=True)
    their, first, sizes = np.unique(theirs, return_index=True, return_counts=True)
    i, j = _near_pairs(our, their, most)
    distance = np.bitwise_count(our[i] ^ their[j]).astype(np.int64)
    # The nearest first, and of equals the one that comes first.
    order = np.lexsort((first[j], distance, i))
    i, j, distance = i[order], j[order], distance[order]
    found, at = np.unique(i, return_index=True)
    unique_place, unique_bits = np.full(len(our), -1, np.int64), np.zeros(len(our), np.int64)
    unique_place[found] = first[j[at]]
    unique_bits[found] = distance[at]
    unique_count = np.bincount(i, weights=sizes[j], minlength=len(our)).astype(np.int64)
    return Nearest(unique_place[our_back], unique_bits[our_back], unique_count[our_back])


def _near_pairs(our: Hashes, their: Hashes, most: int) -> tuple[Places, Places]:
    """Return the places of all pairs within so many bits, each once."""
    kept: list[Places] = [np.empty(0, np.int64)]
    for band in range(BANDS):
        keys, targets = _quarter(our, band), _quarter(their, band)
        by_key = np.argsort(targets, kind="stable")
        starts = np.searchsorted(targets[by_key], np.arange(2**BITS + 1))
        for mask in _masks(most // BANDS):
            near = keys ^ mask
            for i, slot in _expanded(starts[near], starts[near + 1]):
                j = by_key[slot]
                close = np.bitwise_count(our[i] ^ their[j]) <= most
                kept.append(i[close] * len(their) + j[close])
    # Several quarters may lead to the same pair.
    pairs = np.unique(np.concatenate(kept))
    return pairs // len(their), pairs % len(their)


def _quarter(hashes: Hashes, band: int) -> Places:
    shifted = hashes >> np.uint64(BITS * band)
    return (shifted & np.uint64(2**BITS - 1)).astype(np.int64)


def _masks(most: int) -> list[int]:
    return [
        sum(1 << bit for bit in chosen)
        for n in range(most + 1)
        for chosen in combinations(range(BITS), n)
    ]


def _expanded(start: Places, end: Places) -> Iterator[tuple[Places, Places]]:
    """Yield (row, slot) for every slot from start to end of every row, in bounded pieces."""
    sizes = end - start
    rows = np.flatnonzero(sizes)
    ends: NDArray[Any] = np.cumsum(sizes[rows])
    done = 0
    while done < len(rows):
        before = int(ends[done - 1]) if done else 0
        # At least one row: one alone cannot have more slots than the other side has hashes.
        until = max(done + 1, int(np.searchsorted(ends, before + CHUNK, "right")))
        part = rows[done:until]
        n = sizes[part]
        offsets = np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n)
        yield np.repeat(part, n), np.repeat(start[part], n) + offsets
        done = until
