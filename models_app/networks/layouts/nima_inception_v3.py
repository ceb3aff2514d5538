"""NIMA on InceptionV3: torchvision's network with NIMA's head where its classifier is."""

from torch import nn
from torchvision import models

from models_app.networks.architectures import BINS


def build() -> nn.Module:
    """Return it with random weights; the head is Dropout 0.75 and `fc`, 2048 to 10.

    It has no auxiliary classifier, which only training uses, and does not normalise its input a
    second time as torchvision's does with published weights: that is preprocessing.
    """
    network: nn.Module = models.inception_v3(
        weights=None,
        num_classes=BINS,
        aux_logits=False,
        transform_input=False,
        init_weights=True,
        dropout=0.75,
    )
    return network
