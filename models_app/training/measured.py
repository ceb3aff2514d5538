"""What an evaluation found out about each photo; no torch, no Django."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

KEPT = 200
"""Photos whose outputs are kept: those with the smallest hashes, the same in every run."""

SAMPLES = 8
"""Photos, the first of those, whose pictures are kept too."""

Identity = tuple[str, str]
"""Key and name of a photo."""

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Kept:
    """One photo's outputs and pictures.

    Attributes
    ----------
    outputs
        By key of the term (ranking, regression), shape [V, K].
    tiles
        Small pictures of its views, RGB, shape [V, tile, tile, 3]; None beyond the samples.
    """

    outputs: Mapping[str, Floats]
    tiles: Bytes | None


@dataclass(frozen=True, slots=True)
class Measured:
    """All photos of an evaluation, ordered by key and name.

    Attributes
    ----------
    photos
        The n photos.
    losses
        By term: raw, mean over the photos.
    outcomes
        int8 [n, P], pairs as in `Chart.pairs`: 1 right, 0 tied, -1 wrong; None without ranking.
    right
        bool [n, D], whether the class of a picture was named: pictures as in `Chart.distorted`, or
        the four turns of RotNet; None without classification.
    squares
        float32 [n, T], squared errors, as in `Chart.targets`; None without regression.
    kept
        By photo.
    """

    photos: tuple[Identity, ...]
    losses: Mapping[str, float]
    outcomes: NDArray[np.int8] | None
    right: NDArray[np.bool_] | None
    squares: Floats | None
    kept: Mapping[Identity, Kept]


def kept_trim(kept: Mapping[Identity, Kept]) -> dict[Identity, Kept]:
    """Return the photos with the smallest keys, pictures only with the first of them."""
    first = sorted(kept)[:KEPT]
    return {
        photo: kept[photo] if place < SAMPLES else Kept(kept[photo].outputs, None)
        for place, photo in enumerate(first)
    }


def measured_join(parts: Sequence[Measured]) -> Measured:
    """Join what several processes measured on different photos.

    The result is the same, whatever the number and order of the parts; only losses of terms that
    compare photos of a batch depend on which photos those were.

    Raises
    ------
    ValueError
        If no part has a photo.
    """
    parts = [part for part in parts if part.photos]
    if not parts:
        raise ValueError("Nothing was measured: no part has a photo.")
    photos = [photo for part in parts for photo in part.photos]
    order = sorted(range(len(photos)), key=photos.__getitem__)
    sizes = [len(part.photos) for part in parts]
    losses = {
        term: sum(part.losses[term] * n for part, n in zip(parts, sizes, strict=True)) / sum(sizes)
        for term in parts[0].losses
    }
    return Measured(
        tuple(photos[place] for place in order),
        losses,
        _rows([part.outcomes for part in parts], order),
        _rows([part.right for part in parts], order),
        _rows([part.squares for part in parts], order),
        kept_trim({photo: kept for part in parts for photo, kept in part.kept.items()}),
    )


def _rows(parts: Sequence[NDArray[Number] | None], order: Sequence[int]) -> NDArray[Number] | None:
    found = [part for part in parts if part is not None]
    return np.concatenate(found)[list(order)] if found else None
