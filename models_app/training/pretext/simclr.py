"""SimCLR (Chen et al. 2020): two views of a photo are more alike than those of two photos."""

from typing import TYPE_CHECKING, ClassVar

from torch import Tensor, nn

from models_app.training.losses.nt_xent import nt_xent

if TYPE_CHECKING:
    from models_app.training.config import TrainConfig

PROJECTION = 128
"""Length of what is compared (section 2.1 and appendix B.7 of the paper)."""


class SimCLR:
    """NT-Xent over the two views of every photo of the batch."""

    key: ClassVar[str] = "simclr"

    def __init__(self, config: "TrainConfig", _chart: None = None) -> None:
        self.width = PROJECTION
        self.temperature = config.contrast_temperature

    def head(self, features: int) -> nn.Module:
        """Return the projection head: one hidden layer as wide as the features."""
        return nn.Sequential(
            nn.Linear(features, features), nn.ReLU(), nn.Linear(features, self.width)
        )

    def loss(self, outputs: Tensor) -> Tensor:
        """Return the loss; see `nt_xent`."""
        return nt_xent(outputs, temperature=self.temperature)
