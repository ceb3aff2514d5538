"""Brightness."""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from models_app.distortions.ops.base import Band, BandOp
from models_app.distortions.ops.colour import lab_to_encoded
from models_app.distortions.ops.curves import Curve, curve_table, curved_lightness, unchanged


class Brightness(BandOp):
    """Lightness raised to a power; black, white and colour stay.

    Levels run from -1 (power 3) to 1 (power 1/3). Pfister et al. 2021 edit files; darktable
    4.2.1 module colisa, version 1.
    """

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values in [-1, 1]."""
        lightness = curved_lightness(band, [_table(v, band.photo.device) for v in values])
        return lab_to_encoded(lightness, band.lab[1:2], band.lab[2:3])


@lru_cache(maxsize=32)
def _table(value: float, device: torch.device) -> Tensor:
    return curve_table(unchanged, brightness_curve(value), device)


def brightness_curve(brightness: float) -> Curve:
    """Return the power curve on t = L / 100."""
    beta = 2 * brightness
    gamma = 1 / (1 + beta) if beta >= 0 else 1 - beta
    return lambda t: t.clamp(min=0) ** gamma
