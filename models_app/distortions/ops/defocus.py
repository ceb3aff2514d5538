"""Defocus blur."""

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from models_app.distortions.ops.base import Band, BandOp, reflected, summing_type

RADII = (3, 4, 6, 8, 10)
ALIASES = (0.1, 0.5, 0.5, 0.5, 0.5)


class DefocusBlur(BandOp):
    """Every point spread over a disk.

    Levels are severities 1 to 5, of radius 3 to 10 pixels. Hendrycks & Dietterich 2019,
    defocus_blur.
    """

    unit = 1.0
    # Means that are whole numbers (1 in 29 at radius 3) come out one lower in the reference. Here
    # float32 misses them by up to 0.0005, since its weights do not sum to 1 exactly.
    rounding = -7e-4

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values in 1..5."""
        photo, rows, reach = band.scene.photo, band.rows, max(RADII)
        down = reflected(rows.start - reach, rows.stop + reach, photo.shape[1], photo.device)
        along = reflected(-reach, photo.shape[2] + reach, photo.shape[2], photo.device)
        kernels = disks(photo.device)[[int(value) - 1 for value in values]]
        padded = photo.index_select(1, down).index_select(2, along).to(kernels.dtype)
        # All at once, as many channels of one convolution: alone each would take as long.
        blurred = functional.conv2d(padded[:, None], kernels[:, None])
        return blurred.transpose(0, 1).to(torch.float32, copy=True)


@lru_cache(maxsize=4)
def disks(device: torch.device) -> Tensor:
    """The kernels of all severities, zeros round the smaller ones.

    Returns
    -------
    Tensor
        float32 or float64, shape [5, 21, 21]. Shared: do not change it.
    """
    made = [disk(radius, alias) for radius, alias in zip(RADII, ALIASES, strict=True)]
    reach = max(RADII)
    padded = [functional.pad(kernel, [reach - kernel.shape[0] // 2] * 4) for kernel in made]
    return torch.stack(padded).to(device, summing_type(device))


def disk(radius: int, alias: float) -> Tensor:
    """The disk, smoothed at its rim and not normalised again.

    Parameters
    ----------
    radius
        In pixels.
    alias
        Sigma of the smoothing, in pixels.

    Returns
    -------
    Tensor
        float64, shape [n, n], n = 17 or 21.
    """
    reach = max(radius, 8)
    place = torch.arange(-reach, reach + 1, dtype=torch.float64)
    inside = (place[:, None] ** 2 + place**2 <= radius**2).to(torch.float64)
    inside /= inside.sum()
    half = 1 if radius <= 8 else 2
    weights = [math.exp(-(n**2) / (2 * alias**2)) for n in range(-half, half + 1)]
    total = sum(weights)
    for axis in (0, 1):
        edge = reflected(-half, len(place) + half, len(place), inside.device)
        mirrored = inside.index_select(axis, edge)
        shifted = [mirrored.narrow(axis, n, len(place)) for n in range(len(weights))]
        pairs = zip(weights, shifted, strict=True)
        inside = torch.stack([part * (weight / total) for weight, part in pairs]).sum(0)
    return inside
