"""Lightness curves (darktable 4.2.1 module colisa, version 1).

Contrast, brightness and saturation are one module there: L goes through the contrast curve and
then through the brightness curve, each a table of 65536 entries read without interpolation.
Reading them the same way is what makes the renders equal.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from models_app.distortions.ops.base import Band

_ENTRIES = 65536

Curve = Callable[[Tensor], Tensor]


def unchanged(t: Tensor) -> Tensor:
    """The curve of a slider at zero."""
    return t


def curve_table(before: Curve, after: Curve, device: torch.device) -> Tensor:
    """Return the table of L that a contrast curve and a brightness curve make.

    Parameters
    ----------
    before, after
        Contrast curve and brightness curve, float64 t = L / 100 in 0..1 to the same.
    device
        Where the table shall lie.

    Returns
    -------
    Tensor
        float32 L, 0..100, shape [65537].
    """
    # The last entry is t = 1, which rounding lets through for white.
    t = torch.arange(_ENTRIES + 1, dtype=torch.float64) / _ENTRIES
    return after(_truncated(before(t))).to(device, torch.float32).mul_(100)


def curved_lightness(band: Band, tables: Sequence[Tensor]) -> Tensor:
    """Send L through the table of each of N variants: float32 L, 0..100, shape [N, h, W]."""
    lightness = band.lab[0]
    places = (lightness * (_ENTRIES / 100)).to(torch.int32).clamp_(0, _ENTRIES).flatten()
    curved = [table.index_select(0, places) for table in tables]
    return torch.stack(curved).view(-1, *lightness.shape)


def _truncated(t: Tensor) -> Tensor:
    return (t * _ENTRIES).floor_().div_(_ENTRIES)
