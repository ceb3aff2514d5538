"""Ranking: a less distorted variant scores above a more distorted one of its chain."""

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from torch import Tensor, nn

from models_app.training.losses.pairwise_ranking import pairwise_ranking
from models_app.training.pretext.chart import Chart, Integers
from models_app.training.pretext.indices import Indices

if TYPE_CHECKING:
    from models_app.training.config import TrainConfig


class Ranking:
    """The hinge of all ordered pairs, on scores of 0..1: one, or one an aspect that is made.

    A pair of the same picture, as the photo and vibrance 0, stays in, as released: it adds the
    margin for ever and teaches nothing.
    """

    key: ClassVar[str] = "ranking"

    def __init__(self, config: "TrainConfig", chart: Chart) -> None:
        self.width = len(chart.aspects) if config.score_head == "three" else 1
        self.margin = config.margin
        self.indices = self._indices(chart)

    def _indices(self, chart: Chart) -> Indices:
        return Indices(pairs=chart.pairs, columns=self.columns(chart.pair_aspect))

    def columns(self, aspects: Integers) -> Integers:
        """Return which score judges something of these aspects; same shape."""
        return aspects if self.width > 1 else np.zeros_like(aspects)

    def head(self, features: int) -> nn.Module:
        """Return the layer that scores."""
        return nn.Sequential(nn.Linear(features, self.width), nn.Sigmoid())

    def loss(self, outputs: Tensor) -> Tensor:
        """Return the hinge; see `pairwise_ranking`."""
        known = self.indices.on(outputs.device)
        columns = known["columns"] if self.width > 1 else None
        return pairwise_ranking(outputs, known["pairs"], margin=self.margin, columns=columns)
