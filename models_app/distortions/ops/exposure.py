"""Exposure."""

from collections.abc import Sequence

from torch import Tensor

from models_app.distortions.ops.balance import balanced
from models_app.distortions.ops.base import Band, BandOp


class Exposure(BandOp):
    """Values doubled once a stop.

    Levels are exposure values (EV) from -3 to 3. They act on encoded values, not on linear
    light, because the edit files place the module before the input profile: in light it is
    about 2.26 times as many stops. Pfister et al. 2021 edit files; darktable 4.2.1 module
    exposure, version 5.
    """

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values in EV."""
        return balanced(band, [(2.0**v, 2.0**v, 2.0**v) for v in values])
