"""NIMA on MobileNetV2: torchvision's network with NIMA's head where its classifier is."""

from torch import nn
from torchvision import models

from models_app.networks.architectures import BINS


def build() -> nn.Module:
    """Return it with random weights; the head is Dropout 0.75 and `classifier.1`, 1280 to 10."""
    network: nn.Module = models.mobilenet_v2(weights=None, num_classes=BINS, dropout=0.75)
    return network
