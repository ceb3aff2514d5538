"""Vibrance."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.ops.base import Band, BandOp, column
from models_app.distortions.ops.colour import lab_to_encoded


class Vibrance(BandOp):
    """Chroma raised where it is high already, with a little less lightness there.

    Levels run from -100 (chroma lowered there) over 0 (the original) to 100. Pfister et al. 2021
    edit files; darktable 4.2.1 module vibrance, version 2.
    """

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values in [-100, 100]."""
        lightness, a, b = band.lab
        weight = torch.hypot(a, b).div_(256) * column([v / 100 for v in values], a.device)
        dimmed = lightness * (1 - 0.25 * weight)
        gain = weight.add_(1)
        return lab_to_encoded(dimmed, a * gain, b * gain)
