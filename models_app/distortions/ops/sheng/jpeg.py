"""JPEG quality."""

from collections.abc import Sequence

from torch import Tensor

from models_app.distortions.ops.base import Scene
from models_app.distortions.ops.jpeg import compressed


class Jpeg:
    """Baseline JPEG at qualities 60 and 10. Sheng et al. 2020."""

    def render(self, scene: Scene, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`; values are qualities, 1..100."""
        return compressed(scene.photo, [int(value) for value in values])
