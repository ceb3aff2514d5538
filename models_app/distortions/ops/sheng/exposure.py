"""Exposure."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.ops.base import Band, BandOp, column


class Exposure(BandOp):
    """Values scaled by 0.5 or 3.0 and clipped. Sheng et al. 2020."""

    unit = 1.0

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values are factors."""
        return band.photo.to(torch.float32) * column(values, band.photo.device, ndim=4)
