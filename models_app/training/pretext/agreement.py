"""Agreement: two photos under the same distortion and level should score alike."""

from typing import ClassVar

from torch import Tensor

from models_app.training.losses.agreement import agreement
from models_app.training.pretext.chart import Chart
from models_app.training.pretext.indices import Indices
from models_app.training.pretext.ranking import Ranking


class Agreement(Ranking):
    """On the scores of ranking, over the distorted variants.

    References are left out, and levels that change nothing, as vibrance 0: photos that nothing
    was done to may well differ.
    """

    key: ClassVar[str] = "agreement"

    def _indices(self, chart: Chart) -> Indices:
        views = chart.distorted[~chart.untouched[chart.distorted]]
        return Indices(views=views, columns=self.columns(chart.variant_aspect[views]))

    def loss(self, outputs: Tensor) -> Tensor:
        """Return the distance; see `agreement`."""
        known = self.indices.on(outputs.device)
        return agreement(outputs, known["views"], known["columns"])
