"""Saturation."""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from models_app.distortions.ops.base import Band, BandOp, column
from models_app.distortions.ops.colour import lab_to_encoded
from models_app.distortions.ops.curves import curve_table, curved_lightness, unchanged


class Saturation(BandOp):
    """Chroma multiplied; lightness stays.

    Levels run from -1 (greyscale) to 1 (twice the chroma). Pfister et al. 2021 edit files;
    darktable 4.2.1 module colisa, version 1.
    """

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values in [-1, 1]."""
        # The module's curves are read even where they change nothing, and reading them truncates.
        lightness = curved_lightness(band, [_table(band.photo.device)])
        gain = column([1 + v for v in values], lightness.device)
        return lab_to_encoded(lightness, band.lab[1] * gain, band.lab[2] * gain)


@lru_cache(maxsize=4)
def _table(device: torch.device) -> Tensor:
    return curve_table(unchanged, unchanged, device)
