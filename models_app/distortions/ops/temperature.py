"""Colour temperature."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from torch import Tensor

from models_app.distortions.ops.balance import balanced, gains_get
from models_app.distortions.ops.base import Band

MULTIPLIERS: Mapping[float, tuple[float, float, float]] = MappingProxyType(
    {
        2000: (0.256725, 1, 31.670061),
        3000: (0.476834, 1, 3.102820),
        5000: (0.829422, 1, 1.352282),
        6000: (0.950103, 1, 1.086534),
        7000: (1.043913, 1, 0.933234),
        8000: (1.118167, 1, 0.835342),
        10000: (1.226649, 1, 0.720213),
        14000: (1.355780, 1, 0.615271),
        18000: (1.428652, 1, 0.567675),
    }
)


class Temperature:
    """White balance for another colour of light: low kelvin turns the photo blue, high orange.

    Levels are kelvin, of those in `MULTIPLIERS`. They act on encoded values. Pfister et al. 2021
    edit files; darktable 4.2.1 module temperature, version 3.
    """

    def render(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`; values must be keys of `MULTIPLIERS`."""
        return balanced(band, gains_get(MULTIPLIERS, values))
