"""Pixelation."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.geometry import resize
from models_app.distortions.ops.base import Scene

FACTORS = (0.6, 0.5, 0.4, 0.3, 0.25)


class Pixelate:
    """Made smaller by averaging and larger again by repeating.

    Levels are severities 1 to 5, of factors 0.6 to 0.25. Hendrycks & Dietterich 2019, pixelate,
    for photos of any shape.
    """

    def render(self, scene: Scene, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`; values in 1..5."""
        height, width = scene.photo.shape[1:]
        out = []
        for value in values:
            factor = FACTORS[int(value) - 1]
            small = max(1, int(height * factor)), max(1, int(width * factor))
            shrunk = resize(scene.photo[None], small, "box")
            out.append(resize(shrunk, (height, width), "box"))
        return torch.cat(out)
