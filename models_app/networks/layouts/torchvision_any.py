"""Any classification network of torchvision, its last layer with 10 outputs."""

from torch import nn
from torchvision import models

from models_app.networks.architectures import BINS

# Networks with auxiliary classifiers, which normalise their input a second time unless told not to.
_OPTIONS = {"aux_logits": False, "transform_input": False, "init_weights": True}
_WITH_OPTIONS = ("googlenet", "inception_v3")


def build(name: str) -> nn.Module:
    """Return it with random weights; all but the rows of the last layer is torchvision's own."""
    options = _OPTIONS if name in _WITH_OPTIONS else {}
    network: nn.Module = models.get_model(name, weights=None, num_classes=BINS, **options)
    return network
