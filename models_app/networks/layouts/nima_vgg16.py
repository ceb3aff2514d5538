"""NIMA on VGG16 as github.com/kentsyx/Neural-IMage-Assessment released it."""

from torch import Tensor, nn
from torchvision.models import vgg

from models_app.networks.architectures import BINS

FEATURES = 512 * 7 * 7
"""Outputs of the convolutions on 224 x 224 pixels, the only size that it takes."""


class NimaVgg16(nn.Module):
    """VGG16's convolutions and one linear layer on all of their outputs.

    The released network ends with a softmax, which has no weights; here, as in every
    architecture, it is left to whoever needs probabilities.
    """

    def __init__(self) -> None:
        super().__init__()
        # Not `vgg.vgg16().features`: that would first draw the 120 million weights behind them.
        self.features = vgg.make_layers(vgg.cfgs["D"], batch_norm=False)
        for layer in self.features:
            if isinstance(layer, nn.Conv2d):
                # As torchvision starts them; bias is not None in VGG.
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        self.classifier = nn.Sequential(nn.Dropout(0.75), nn.Linear(FEATURES, BINS))

    def forward(self, batch: Tensor) -> Tensor:
        """Return logits [N, 10] of a batch [N, 3, 224, 224]."""
        logits: Tensor = self.classifier(self.features(batch).flatten(1))
        return logits


def build() -> nn.Module:
    """Return it with random weights: convolutions as torchvision draws them, the head as torch."""
    return NimaVgg16()
