from pathlib import Path

import pytest
import torch
from torchvision import models

from models_app.networks.building import network_random
from models_app.networks.errors import CheckpointRefused, WeightsMissing
from models_app.networks.imagenet import network_from_imagenet


@pytest.mark.parametrize(
    ("key", "backbone", "head"),
    [
        ("nima_mobilenet_v2", "mobilenet_v2", "classifier.1."),
        ("nima_inception_v3", "inception_v3", "fc."),
        ("torchvision:shufflenet_v2_x0_5", "shufflenet_v2_x0_5", "fc."),
    ],
)
def test_a_backbone_starts_from_imagenet_and_its_head_from_the_seed(
    key: str, backbone: str, head: str, tmp_path: Path
) -> None:
    torch.manual_seed(4)
    options = {"init_weights": False} if backbone == "inception_v3" else {}
    state = models.get_model(backbone, weights=None, **options).state_dict()
    torch.save(state, tmp_path / "a.pth")
    network, found = network_from_imagenet(key, seed=6, file=tmp_path / "a.pth")
    plain = network_random(key, seed=6).module.state_dict()
    assert network.random
    assert found.origin == "file"
    assert bool(network.dropped) == (backbone == "inception_v3")
    for name, tensor in network.module.state_dict().items():
        expected = plain if name.startswith(head) else state
        assert torch.equal(tensor, expected[name]), name


def test_vgg16_starts_from_imagenets_convolutions(tmp_path: Path) -> None:
    with torch.device("meta"):
        shapes = models.vgg16(weights=None).state_dict()
    # The large layers behind the convolutions are not used: one number each will do.
    state = {
        name: torch.randn(tensor.shape) if name.startswith("features.") else torch.zeros(1)
        for name, tensor in shapes.items()
    }
    torch.save(state, tmp_path / "a.pth")
    network, _found = network_from_imagenet("nima_vgg16", seed=6, file=tmp_path / "a.pth")
    plain = network_random("nima_vgg16", seed=6).module.state_dict()
    for name, tensor in network.module.state_dict().items():
        expected = plain if name.startswith("classifier.") else state
        assert torch.equal(tensor, expected[name]), name


def test_a_judge_is_no_imagenet(tmp_path: Path) -> None:
    judge = network_random("nima_mobilenet_v2", seed=1).module.state_dict()
    torch.save(judge, tmp_path / "a.pth")
    with pytest.raises(CheckpointRefused, match="are not those of ImageNet's 1000 classes"):
        network_from_imagenet("nima_mobilenet_v2", seed=1, file=tmp_path / "a.pth")


def test_without_imagenet_nothing_random_stands_in(hub: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"mobilenet_v2-b0353104\.pth are not on this machine"):
        network_from_imagenet("nima_mobilenet_v2", seed=1)
