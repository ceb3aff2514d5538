"""Downsampling."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.geometry import resize
from models_app.distortions.ops.base import Scene


class Downsampling:
    """Made 4 or 6 times smaller, and larger again, bilinear both ways. Sheng et al. 2020."""

    def render(self, scene: Scene, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`; values are factors, at least 1."""
        height, width = scene.photo.shape[1:]
        out = []
        for value in values:
            small = max(1, round(height / value)), max(1, round(width / value))
            out.append(resize(resize(scene.photo[None], small), (height, width)))
        return torch.cat(out)
