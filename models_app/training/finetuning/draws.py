"""What is drawn a photo: by seed, purpose and content, the same on every machine.

As `training.seeds` has it, and for a whole epoch of photos at once: the hashes of their contents
are mixed with a seed by SplitMix64's finaliser (Steele, Lea, Flood 2014).
"""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from models_app.training.seeds import derive

Bases = NDArray[np.uint64]

_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def bases(keys: Sequence[str]) -> Bases:
    """Return 64 bits a photo that depend on its key alone, uint64 [N]."""
    hashed = [blake2b(key.encode(), digest_size=8).digest() for key in keys]
    return np.frombuffer(b"".join(hashed), dtype="<u8").astype(np.uint64)


def bits_draw(base: Bases, seed: int, *words: str | int) -> Bases:
    """Return 64 drawn bits a photo, for one purpose: uint64 [N]."""
    mixed = base ^ np.uint64(derive(seed, *words))
    for shift, factor in ((30, _FIRST), (27, _SECOND)):
        # Of arrays NumPy wraps around, as is meant here.
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * factor
    drawn: Bases = mixed ^ (mixed >> np.uint64(31))
    return drawn


def order_draw(base: Bases, seed: int, *words: str | int) -> list[int]:
    """Return the places 0 to N - 1 in a drawn order; photos of equal content keep theirs."""
    order: list[int] = np.argsort(bits_draw(base, seed, *words), kind="stable").tolist()
    return order


def flips_draw(base: Bases, seed: int, *words: str | int) -> NDArray[np.bool_]:
    """Return which photos are mirrored, one in two: bool [N]."""
    drawn: NDArray[np.bool_] = (bits_draw(base, seed, *words) & np.uint64(1)).astype(np.bool_)
    return drawn
