"""Tint."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from torch import Tensor

from models_app.distortions.ops.balance import balanced, gains_get
from models_app.distortions.ops.base import Band

MULTIPLIERS: Mapping[float, tuple[float, float, float]] = MappingProxyType(
    {
        0.75: (3.334152, 1, 1.744009),
        0.80: (2.386403, 1, 1.548024),
        0.85: (1.826895, 1, 1.380836),
        0.90: (1.457622, 1, 1.236535),
        0.95: (1.195660, 1, 1.110720),
        1.05: (0.848692, 1, 0.901956),
        1.10: (0.727872, 1, 0.814399),
        1.15: (0.629258, 1, 0.735772),
        1.20: (0.547242, 1, 0.664775),
        1.25: (0.477960, 1, 0.600348),
    }
)


class Tint:
    """White balance between magenta (levels below 1) and green (above 1).

    Levels are those in `MULTIPLIERS`. They act on encoded values. Pfister et al. 2021 edit
    files; darktable 4.2.1 module temperature, version 3.
    """

    def render(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`; values must be keys of `MULTIPLIERS`."""
        return balanced(band, gains_get(MULTIPLIERS, values))
