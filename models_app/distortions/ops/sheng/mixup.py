"""Mix-up."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.ops.base import Band, BandOp, column


class Mixup(BandOp):
    """Mixed with another photo, whose weight is 0.1 or 0.4. Sheng et al. 2020."""

    unit = 1.0

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values are weights in 0..1.

        Raises
        ------
        ValueError
            If the scene has no other photo.
        """
        partner = band.scene.partner
        if partner is None:
            raise ValueError("Mix-up needs another photo; give a partner, or two photos or more.")
        weight = column(values, band.photo.device, ndim=4)
        other = partner[:, band.rows].to(torch.float32)
        return torch.lerp(
            band.photo.to(torch.float32).expand(len(values), -1, -1, -1), other, weight
        )
