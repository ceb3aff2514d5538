"""Fewer levels a channel."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.ops.base import Band, BandOp, column


class Quantisation(BandOp):
    """64 or 8 levels a channel, from black to white at equal distances. Sheng et al. 2020."""

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values are numbers of levels, 2..256."""
        count = column(values, band.photo.device, ndim=4)
        place = (band.photo.to(torch.float32) * (count / 256)).floor_()
        return place.div_(count - 1)
