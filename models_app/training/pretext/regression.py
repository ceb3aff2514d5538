"""Intensity regression: how strongly the distortion was applied."""

from typing import TYPE_CHECKING, ClassVar, cast

from torch import Tensor, nn

from models_app.training.losses.squared_error import squared_error
from models_app.training.pretext.chart import Chart, Target
from models_app.training.pretext.indices import Indices

if TYPE_CHECKING:
    from models_app.training.config import TrainConfig


class Regression:
    """One output a distortion that has an order; a variant is judged by its distortion's alone."""

    key: ClassVar[str] = "regression"

    def __init__(self, config: "TrainConfig", chart: Chart) -> None:
        self.width = len(chart.regressed)
        targets = chart.targets(
            cast("Target", config.regression_target), references=config.regress_references
        )
        self._indices = Indices(
            views=targets.views, columns=targets.columns, targets=targets.values
        )

    def head(self, features: int) -> nn.Module:
        """Return the layer of all intensities, in the order of `Chart.regressed`."""
        return nn.Linear(features, self.width)

    def loss(self, outputs: Tensor) -> Tensor:
        """Return the squared error; see `squared_error`."""
        return squared_error(outputs, **self._indices.on(outputs.device))
