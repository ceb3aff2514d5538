"""The distorted variants of a photo, behind their references."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.catalogue import Variant
from models_app.distortions.engine import Geometry, render_family


class Variants:
    """Some variants of a preset.

    Parameters
    ----------
    variants
        Which, and in which order; none that mixes two photos, since then the batch would count.
    preset, geometry
        As `render_family` takes them.
    """

    def __init__(self, variants: Sequence[Variant], *, preset: str, geometry: Geometry) -> None:
        self.count = len(variants)
        self._variants = tuple(variants)
        self._preset = preset
        self._geometry = geometry

    def make(self, photos: Sequence[Tensor], *, keys: Sequence[str], seed: int) -> Tensor:
        """Render them; see `Views`."""
        side = self._geometry.side
        batch = torch.empty(
            (len(photos), self.count, 3, side, side), dtype=torch.uint8, device=photos[0].device
        )
        # Filled one by one: a list of them all would need the memory twice.
        for place, (photo, key) in enumerate(zip(photos, keys, strict=True)):
            batch[place] = render_family(
                photo,
                key=key,
                preset=self._preset,
                variants=self._variants,
                geometry=self._geometry,
                seed=seed,
            )
        return batch
