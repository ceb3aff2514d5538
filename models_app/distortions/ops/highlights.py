"""Highlights."""

from collections.abc import Sequence

from torch import Tensor

from models_app.distortions.ops.base import Band
from models_app.distortions.ops.local_tone import (
    highlights_apply,
    shadows_apply,
    tone_encode,
    tone_start,
)

_SHADOWS = 50.0


class Highlights:
    """Bright surroundings raised (above 0) or darkened, with shadows always at +50.

    Levels run from -100 to 100. The fixed shadows are the edit files' own. Pfister et al. 2021
    edit files; darktable 4.2.1 module shadhi, version 5.
    """

    def render(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`; values in [-100, 100]."""
        tone = highlights_apply(band, tone_start(band), values)
        return tone_encode(band, shadows_apply(band, tone, [_SHADOWS] * len(values)))
