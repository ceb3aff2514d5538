"""Seeded draws that do not depend on the order in which names come."""

import hashlib
from collections.abc import Iterable, Sequence
from math import floor

from models_app.splits.base import TEST, TRAIN, VALIDATION


def shuffled(names: Iterable[str], seed: int) -> list[str]:
    """Return different names in an order that seed and names alone decide."""
    return sorted(names, key=lambda name: (_order(seed, name), name))


def drawn(
    names: Iterable[str], seed: int, *, validation: float, test: float = 0.0
) -> dict[str, list[str]]:
    """Draw shares (0 to 1) of different names for validation and test; the rest trains.

    A share is rounded to the nearest number of names.
    """
    order = shuffled(names, seed)
    n_test, n_validation = _count(test, order), _count(validation, order)
    return {
        TEST: order[:n_test],
        VALIDATION: order[n_test : n_test + n_validation],
        TRAIN: order[n_test + n_validation :],
    }


def _count(share: float, names: Sequence[str]) -> int:
    return floor(share * len(names) + 0.5)


def _order(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()
