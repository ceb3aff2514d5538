"""RotNet (Gidaris et al. 2018): by which quarter turn a photo was rotated."""

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from torch import Tensor, nn

from models_app.training.losses.cross_entropy import cross_entropy
from models_app.training.pretext.indices import Indices
from models_app.training.views.rotations import TURNS

if TYPE_CHECKING:
    from models_app.training.config import TrainConfig


class RotNet:
    """One softmax over the turns; views come in the order of the classes."""

    key: ClassVar[str] = "rotnet"

    def __init__(self, _config: "TrainConfig", _chart: None = None) -> None:
        self.width = TURNS
        turns = np.arange(TURNS)
        self._indices = Indices(views=turns, labels=turns, outside=np.zeros((TURNS, TURNS)))

    def head(self, features: int) -> nn.Module:
        """Return the layer of the logits."""
        return nn.Linear(features, self.width)

    def loss(self, outputs: Tensor) -> Tensor:
        """Return the cross entropy; see `cross_entropy`."""
        return cross_entropy(outputs, **self._indices.on(outputs.device))
