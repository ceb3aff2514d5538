"""Ranking across photos: a less distorted photo above another that is more distorted."""

from typing import ClassVar

from torch import Tensor

from models_app.training.losses.across_photos import across_photos
from models_app.training.pretext.chart import Chart
from models_app.training.pretext.indices import Indices
from models_app.training.pretext.ranking import Ranking


class AcrossPhotos(Ranking):
    """On the scores of ranking, over its pairs but those of the same picture."""

    key: ClassVar[str] = "across_photos"

    def _indices(self, chart: Chart) -> Indices:
        apart = ~chart.pair_identical
        return Indices(pairs=chart.pairs[apart], columns=self.columns(chart.pair_aspect[apart]))

    def loss(self, outputs: Tensor) -> Tensor:
        """Return the hinge; see `across_photos`."""
        known = self.indices.on(outputs.device)
        columns = known["columns"] if self.width > 1 else None
        return across_photos(outputs, known["pairs"], margin=self.margin, columns=columns)
