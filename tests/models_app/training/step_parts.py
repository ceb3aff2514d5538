"""Small real networks and real photos for the tests of steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from models_app.distortions.pictures import photo_to_tensor
from models_app.training.config import TrainConfig
from models_app.training.networks import PretextNetwork, network_build
from models_app.training.pretext.base import Term

VIEWS = 4


class Score:
    """A head that scores, and no loss: steps are given their objective."""

    key = "ranking"
    width = 1

    def head(self, features: int) -> nn.Module:
        return nn.Sequential(nn.Linear(features, self.width), nn.Sigmoid())

    def loss(self, outputs: Tensor) -> Tensor:
        raise NotImplementedError


class Classes(Score):
    key = "classification"
    width = 3

    def head(self, features: int) -> nn.Module:
        return nn.Linear(features, self.width)


@dataclass(frozen=True)
class Heads:
    terms: Mapping[str, Term]


HEADS = Heads({"ranking": Score(), "classification": Classes()})


def small(**options: Any) -> TrainConfig:
    """Return the configuration of a small network with random weights, on the CPU."""
    known: dict[str, Any] = {"weights": "random", "side": 32, "device": "cpu", "compile": "off"}
    if "backbone" not in options:
        known["width"] = 0.25
    return TrainConfig(**(known | options))


def network_small(**options: Any) -> PretextNetwork:
    return network_build(small(**options), HEADS)[0]


def batch_of(paths: list[Path], side: int, photos: int = 3) -> Tensor:
    """Return real photos at four brightnesses, uint8 [B, 4, 3, side, side]."""
    made = []
    for path in paths[:photos]:
        with Image.open(path) as image:
            photo = photo_to_tensor(image.convert("RGB").resize((side, side)))
        made.append(torch.stack([(photo * (1 - 0.2 * n)).byte() for n in range(VIEWS)]))
    return torch.stack(made)


def objective(outputs: dict[str, Tensor]) -> Tensor:
    """Rank brighter above darker in each photo, tell views apart, and mix all of it by exp."""
    scores = outputs["ranking"][..., 0]
    hinge = (scores[:, 1:] - scores[:, :-1] + 0.2).clamp(min=0).sum(1).mean()
    labels = torch.arange(VIEWS).clamp(max=2).expand(scores.shape)
    named = nn.functional.cross_entropy(outputs["classification"].transpose(1, 2), labels)
    return (hinge / 2).exp() + (named / 2).exp()


def gradients(network: nn.Module) -> dict[str, Tensor]:
    return {n: w.grad.clone() for n, w in network.named_parameters() if w.grad is not None}


def averages(network: nn.Module) -> dict[str, Tensor]:
    """Return a copy of all that is stored and not learnt."""
    return {name: buffer.clone() for name, buffer in network.named_buffers()}


def assert_close(found: dict[str, Tensor], expected: dict[str, Tensor], tolerance: float) -> None:
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        scale = max(1e-4, float(tensor.detach().abs().max()))
        assert float((found[name] - tensor).abs().max()) <= tolerance * scale, name
