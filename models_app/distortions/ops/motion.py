"""Motion blur."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.ops.base import FLOOR, Band, BandOp, repeated

KERNELS = ((10, 3.0), (15, 5.0), (15, 8.0), (15, 12.0), (20, 15.0))
"""Radius and sigma in pixels, for severities 1 to 5."""


class MotionBlur(BandOp):
    """Every point drawn out along a line, at a random angle within 45 degrees of level.

    Levels are severities 1 to 5. Hendrycks & Dietterich 2019, motion_blur.
    """

    unit = 1.0
    rounding = FLOOR

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values in 1..5."""
        angles = [90 * band.scene.stream("motion_blur", value).one() - 45 for value in values]
        pairs = zip(values, angles, strict=True)
        return torch.stack([drawn_out(band, *KERNELS[int(v) - 1], angle) for v, angle in pairs])


def taps(radius: int, sigma: float, degrees: float) -> list[tuple[int, int, float]]:
    """Return offset to the right, offset down and weight of each tap; the weights sum to 1."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    weights = [math.exp(-(n**2) / (2 * sigma**2)) for n in range(2 * radius + 1)]
    total = sum(weights)
    return [
        (math.ceil(n * cosine - 0.5), math.ceil(n * sine - 0.5), weight / total)
        for n, weight in enumerate(weights)
    ]


def drawn_out(band: Band, radius: int, sigma: float, degrees: float) -> Tensor:
    """Blur some rows along a line, edge pixels repeated.

    Returns
    -------
    Tensor
        float32, 0..255, shape [3, h, W].
    """
    photo, rows = band.scene.photo, band.rows
    _channels, height, width = photo.shape
    line = taps(radius, sigma, degrees)
    right = max(dx for dx, _dy, _weight in line)
    up, down = -min(dy for _dx, dy, _weight in line), max(dy for _dx, dy, _weight in line)
    lines = repeated(rows.start - up, rows.stop + down, height, photo.device)
    columns = repeated(0, width + right, width, photo.device)
    padded = photo.index_select(1, lines).index_select(2, columns).to(torch.float32)
    out = torch.zeros(band.photo.shape, device=photo.device)
    for dx, dy, weight in line:
        top = up + dy
        out.add_(padded[:, top : top + out.shape[1], dx : dx + width], alpha=weight)
    return out
