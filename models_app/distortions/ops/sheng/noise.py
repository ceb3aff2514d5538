"""Gaussian noise."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.ops.base import Band, BandOp
from models_app.distortions.ops.noise import normal


class Noise(BandOp):
    """Normal noise of variance 0.2 and 0.8 on values in 0..1, clipped.

    Sheng et al. 2020 do not say what the numbers are; variance is our reading.
    """

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values are variances."""
        clean = band.photo.to(torch.float32).div_(255)
        draws = [normal(band, band.scene.stream("sheng_noise", value)) for value in values]
        pairs = zip(draws, values, strict=True)
        return torch.stack([draw.mul_(math.sqrt(value)).add_(clean) for draw, value in pairs])
