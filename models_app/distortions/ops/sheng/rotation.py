"""Rotation by quarter turns."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.ops.base import Scene


class Rotation:
    """Turned anticlockwise by 90, 180 or 270 degrees. Sheng et al. 2020."""

    def render(self, scene: Scene, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`; values are multiples of 90.

        Raises
        ------
        ValueError
            If the photo is not square: its turns would have different shapes.
        """
        height, width = scene.photo.shape[1:]
        if height != width:
            raise ValueError(f"The patch is {width} x {height}; quarter turns need a square one.")
        return torch.stack([torch.rot90(scene.photo, int(v) // 90, (1, 2)) for v in values])
