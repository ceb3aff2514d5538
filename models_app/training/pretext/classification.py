"""Distortion classification: which distortion of its aspect was applied."""

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from torch import Tensor, nn

from models_app.training.losses.cross_entropy import cross_entropy
from models_app.training.pretext.chart import Chart
from models_app.training.pretext.indices import Indices

if TYPE_CHECKING:
    from models_app.training.config import TrainConfig


class Classification:
    """One softmax an aspect, over the distorted variants of that aspect."""

    key: ClassVar[str] = "classification"

    def __init__(self, _config: "TrainConfig", chart: Chart) -> None:
        self.width = len(chart.classes)
        own = chart.variant_aspect[chart.distorted][:, None] == chart.class_aspect
        self._indices = Indices(
            views=chart.distorted,
            labels=chart.variant_class[chart.distorted],
            outside=np.where(own, 0.0, -np.inf),
        )

    def head(self, features: int) -> nn.Module:
        """Return the layer of all aspects' logits, in the order of `Chart.classes`."""
        return nn.Linear(features, self.width)

    def loss(self, outputs: Tensor) -> Tensor:
        """Return the cross entropy; see `cross_entropy`."""
        return cross_entropy(outputs, **self._indices.on(outputs.device))
