"""A photo turned by 0, 90, 180 and 270 degrees."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.engine import Geometry, render_family

TURNS = 4


class Rotations:
    """Four quarter turns, counterclockwise, of the square that the undistorted photo is seen on.

    The black bars beside a photo turn with it, so they tell a landscape on its side from one that
    stands, though not which way it was turned.

    Parameters
    ----------
    preset, geometry
        As `render_family` takes them.
    """

    count = TURNS

    def __init__(self, *, preset: str, geometry: Geometry) -> None:
        self._preset = preset
        self._geometry = geometry

    def make(self, photos: Sequence[Tensor], *, keys: Sequence[str], seed: int) -> Tensor:
        """Turn them; see `Views`. Nothing is drawn at random."""
        squares = torch.cat(
            [
                render_family(
                    photo,
                    key=key,
                    preset=self._preset,
                    variants=[("original", "")],
                    geometry=self._geometry,
                    seed=seed,
                )
                for photo, key in zip(photos, keys, strict=True)
            ]
        )
        return torch.stack([squares.rot90(turn, (2, 3)) for turn in range(TURNS)], dim=1)
