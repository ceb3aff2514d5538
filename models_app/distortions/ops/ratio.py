"""Image ratio."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.geometry import centre_crop, resize
from models_app.distortions.ops.base import Scene


class Ratio:
    """Stretched along one side and cut back to the photo's size.

    Levels run from -5 (twice the width) to 5 (twice the height). Pfister et al. 2021, data set
    code.
    """

    def render(self, scene: Scene, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`; values in -5..5."""
        size = height, width = scene.photo.shape[1], scene.photo.shape[2]
        out = []
        for value in values:
            stretch = 1 + 0.2 * abs(value)
            tall = (round(height * stretch), width)
            wide = (height, round(width * stretch))
            stretched = resize(scene.photo[None], tall if value > 0 else wide)
            out.append(centre_crop(stretched, size)[0])
        return torch.stack(out)
