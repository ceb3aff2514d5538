"""Contrast."""

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from models_app.distortions.ops.base import Band, BandOp
from models_app.distortions.ops.colour import lab_to_encoded
from models_app.distortions.ops.curves import Curve, curve_table, curved_lightness, unchanged


class Contrast(BandOp):
    """Lightness spread away from, or drawn towards, middle grey (L = 50); colour stays.

    Levels run from -1 (one grey level, colour kept) to 1. Pfister et al. 2021 edit files;
    darktable 4.2.1 module colisa, version 1.
    """

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values in [-1, 1]."""
        lightness = curved_lightness(band, [_table(v, band.photo.device) for v in values])
        return lab_to_encoded(lightness, band.lab[1:2], band.lab[2:3])


@lru_cache(maxsize=32)
def _table(value: float, device: torch.device) -> Tensor:
    return curve_table(contrast_curve(value), unchanged, device)


def contrast_curve(contrast: float) -> Curve:
    """Return the curve on t = L / 100: a line of slope below 1, or a sigmoid through 0.5."""
    if contrast <= 0:
        return lambda t: 0.5 + (contrast + 1) * (t - 0.5)
    k = 20 * contrast**2

    def sigmoid(t: Tensor) -> Tensor:
        u = 2 * t - 1
        return 0.5 * (1 + math.sqrt(1 + k) * u / (1 + k * u * u).sqrt())

    return sigmoid
