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


def curved_lightness(band: Band, curves: Sequence[tuple[Curve, Curve]]) -> Tensor:
    """Send L through a pair of curves for each variant.

    Parameters
    ----------
    band
        Rows of a photo.
    curves
        For each of N variants the contrast curve and the brightness curve, float64 t = L / 100
        in 0..1 to the same.

    Returns
    -------
    Tensor
        float32 L, 0..100, shape [N, h, W].
    """
    lightness = band.lab[0]
    # The last entry is t = 1, which rounding lets through for white.
    t = torch.arange(_ENTRIES + 1, dtype=torch.float64, device=lightness.device) / _ENTRIES
    tables = torch.stack(
        [after(_truncated(before(t))).to(torch.float32) for before, after in curves]
    )
    places = (lightness * (_ENTRIES / 100)).to(torch.int64).clamp_(0, _ENTRIES)
    return tables.mul_(100)[:, places]


def _truncated(t: Tensor) -> Tensor:
    return (t * _ENTRIES).floor_().div_(_ENTRIES)
