"""Tint."""

from collections.abc import Sequence

from torch import Tensor

from models_app.distortions.multipliers import TINT
from models_app.distortions.ops.balance import balanced, gains_get
from models_app.distortions.ops.base import Band, BandOp


class Tint(BandOp):
    """White balance between magenta (levels below 1) and green (above 1).

    Levels are those in `multipliers.TINT`. They act on encoded values. Pfister et al. 2021 edit
    files; darktable 4.2.1 module temperature, version 3.
    """

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values must be keys of `multipliers.TINT`."""
        return balanced(band, gains_get(TINT, values))
