"""Gaussian and impulse noise."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.ops.base import FLOOR, Band, BandOp
from models_app.distortions.philox import Stream

SIGMAS = (0.08, 0.12, 0.18, 0.26, 0.38)
AMOUNTS = (0.03, 0.06, 0.09, 0.17, 0.27)


class GaussianNoise(BandOp):
    """Normal noise added to every value.

    Levels are severities 1 to 5, of standard deviations 0.08 to 0.38 on values in 0..1.
    Hendrycks & Dietterich 2019, gaussian_noise.
    """

    rounding = FLOOR

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values in 1..5."""
        clean = band.photo.to(torch.float32).div_(255)
        out = []
        for value in values:
            noise = normal(band, band.scene.stream("gaussian_noise", value))
            out.append(noise.mul_(SIGMAS[int(value) - 1]).add_(clean))
        return torch.stack(out)


class ImpulseNoise(BandOp):
    """Salt and pepper: some values become white or black.

    Levels are severities 1 to 5, of 3 to 27 % of the values, half of them white. Hendrycks &
    Dietterich 2019, impulse_noise.
    """

    unit = 1.0
    rounding = FLOOR

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values in 1..5."""
        clean = band.photo.to(torch.float32)
        out = []
        for value in values:
            amount = AMOUNTS[int(value) - 1]
            draw = uniform(band, band.scene.stream("impulse_noise", value))
            pepper, salt = draw < amount / 2, draw >= 1 - amount / 2
            out.append(clean.masked_fill(pepper, 0.0).masked_fill_(salt, 255.0))
        return torch.stack(out)


def normal(band: Band, stream: Stream) -> Tensor:
    """Draw a standard normal number for every value: float32, shape [3, h, W].

    The counter is the pixel's place in the photo, so that bands do not change a draw.
    """
    return stream.normal(*_counters(band)).view(band.photo.shape)


def uniform(band: Band, stream: Stream) -> Tensor:
    """Draw a number in (0, 1] for every value: float32, shape [3, h, W]."""
    return stream.uniform(*_counters(band))[:3].view(band.photo.shape)


def _counters(band: Band) -> tuple[int, int, torch.device]:
    _channels, rows, width = band.photo.shape
    return band.rows.start * width, rows * width, band.photo.device
