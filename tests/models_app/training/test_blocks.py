import pytest
import torch
from torch import nn
from torchvision import models

from models_app.networks.backbones import BACKBONES
from models_app.training.blocks import blocks_of, composite_blocks, last_blocks


def _meta(name: str) -> nn.Module:
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):
        return models.get_model(name, weights=None, **options)


@pytest.mark.parametrize("name", [n for n in BACKBONES if not n.startswith("regnet")])
def test_blocks_cover_a_backbone_without_overlap(name: str) -> None:
    network = _meta(name)
    blocks = blocks_of(network)
    weights = [id(w) for block in blocks.values() for w in block.parameters()]
    inside = {id(w) for w in network.parameters()}
    # ViT's class token and places lie beside its blocks.
    bare = {id(w) for n, w in network.named_parameters() if n.endswith(("_token", "_embedding"))}
    assert len(weights) == len(set(weights))
    assert inside - bare == set(weights)
    assert composite_blocks(network).keys() <= blocks.keys()


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("resnet18", ["layer4.1"]),
        ("vit_b_16", ["encoder.layers.encoder_layer_11", "encoder.ln"]),
        ("densenet121", ["features.denseblock4", "features.norm5"]),
        ("googlenet", ["inception5b"]),
        ("shufflenet_v2_x0_5", ["conv5.0", "conv5.1"]),
    ],
)
def test_the_last_block_ends_with_its_normalisation(name: str, last: list[str]) -> None:
    network = _meta(name)
    for classifier in ("fc", "heads", "classifier", "aux1", "aux2"):
        if hasattr(network, classifier):
            setattr(network, classifier, nn.Identity())
    assert list(last_blocks(network)) == last


def test_the_last_block_of_a_mobilenet_is_its_last_convolution() -> None:
    network = _meta("mobilenet_v2")
    network.classifier = nn.Identity()
    assert list(last_blocks(network)) == ["features.18"]
    assert list(blocks_of(network))[:3] == ["features.0", "features.1", "features.2"]
    assert len(composite_blocks(network)) == 19


def test_stages_are_taken_apart() -> None:
    assert "trunk_output.block4.block4-1" in blocks_of(models.regnet_y_400mf(weights=None))
