"""Colour temperature."""

from collections.abc import Sequence

from torch import Tensor

from models_app.distortions.multipliers import TEMPERATURE
from models_app.distortions.ops.balance import balanced, gains_get
from models_app.distortions.ops.base import Band, BandOp


class Temperature(BandOp):
    """White balance for another colour of light: low kelvin turns the photo blue, high orange.

    Levels are kelvin, of those in `multipliers.TEMPERATURE`. They act on encoded values. Pfister
    et al. 2021 edit files; darktable 4.2.1 module temperature, version 3.
    """

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values must be keys of `multipliers.TEMPERATURE`."""
        return balanced(band, gains_get(TEMPERATURE, values))
