"""Pixelation."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from models_app.distortions.ops.base import Scene, quantise


class Pixelation:
    """Blocks of 4 or 8 pixels replaced by their mean; smaller blocks at the right and bottom edge.

    Sheng et al. 2020.
    """

    def render(self, scene: Scene, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`; values are sides of a block in pixels."""
        height, width = scene.photo.shape[1:]
        photo = scene.photo.to(torch.float32)[None]
        out = []
        for value in values:
            side = int(value)
            means = functional.avg_pool2d(photo, side, ceil_mode=True)
            coarse = quantise(means, unit=1.0)
            blocks = coarse.repeat_interleave(side, 2).repeat_interleave(side, 3)
            out.append(blocks[:, :, :height, :width])
        return torch.cat(out)
