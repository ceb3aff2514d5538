"""A network that this program fine-tuned: a backbone without its classifier, and a new layer."""

import torch
from torch import Tensor, nn

from models_app.networks.architectures import BINS
from models_app.networks.errors import CheckpointRefused
from models_app.training.backbones import Backbone, backbone_build
from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid

DROPOUT = 0.75


class Finetuned(nn.Module):
    """Features of a backbone, dropout, and one linear layer to the scores 1 to 10.

    Parameters
    ----------
    backbone
        Its weights keep their library's names behind `backbone.`.
    dropout
        Share of the features that the layer is not given in training mode.
    """

    def __init__(self, backbone: Backbone, dropout: float = DROPOUT) -> None:
        super().__init__()
        self.backbone = backbone.module
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(backbone.features, BINS)

    def forward(self, batch: Tensor) -> Tensor:
        """Return logits [N, 10] of a batch, float32 [N, 3, side, side], normalised."""
        logits: Tensor = self.head(self.dropout(self.backbone(batch)))
        return logits


def build(backbone: str, width: str, side: str) -> nn.Module:
    """Return it with random weights.

    Raises
    ------
    CheckpointRefused
        If there is no such backbone here, or it cannot take pictures of this side.
    """
    try:
        config = TrainConfig(
            backbone=backbone, width=float(width), side=int(side), weights="random"
        )
        return Finetuned(backbone_build(config))
    except ConfigInvalid as error:
        if torch.get_default_device().type == "meta":
            # Some networks compute with values while they are built; then it is done in earnest.
            raise NotImplementedError(str(error)) from error
        raise CheckpointRefused(str(error).rstrip(".")) from error
