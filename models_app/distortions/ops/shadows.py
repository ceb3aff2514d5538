"""Shadows."""

from collections.abc import Sequence

from torch import Tensor

from models_app.distortions.ops.base import Band, BandOp
from models_app.distortions.ops.local_tone import (
    highlights_apply,
    shadows_apply,
    tone_encode,
    tone_start,
)


class Shadows(BandOp):
    """Dark surroundings lifted (above 0) or darkened, with the highlights at a fixed level.

    Levels run from -100 to 100. Pfister et al. 2021 edit files, which fix the highlights at +100;
    darktable 4.2.1 module shadhi, version 5.
    """

    def __init__(self, *, highlights: float) -> None:
        """Fix the highlights, in [-100, 100]."""
        self.highlights = highlights

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values in [-100, 100]."""
        tone = highlights_apply(band, tone_start(band), [self.highlights])
        return tone_encode(band, shadows_apply(band, tone, values))
