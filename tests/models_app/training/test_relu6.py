from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from torchvision import models

from models_app.training.backbones import backbone_build
from models_app.training.relu6 import LeanReLU6, relu6_lean
from tests.models_app.training.step_parts import averages, batch_of, gradients, small


@pytest.fixture(scope="module")
def inputs(real_photos: list[Path]) -> Tensor:
    """Real photos, float32 [8, 3, 64, 64] from 0 to 1."""
    return batch_of(real_photos, 64, 2).flatten(0, 1).float() / 255


def _network(*, lean: bool) -> nn.Module:
    torch.manual_seed(1)
    network = models.mobilenet_v2(width_mult=0.35, dropout=0.0).train()
    if lean:
        relu6_lean(network)
    return network


def _learnt(
    inputs: Tensor, *, lean: bool, run: Callable[[nn.Module, Tensor], Tensor]
) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
    network = _network(lean=lean)
    outputs = run(network, inputs)
    (outputs.float() ** 2).sum().backward()
    return outputs, gradients(network), averages(network)


def _plain(network: nn.Module, inputs: Tensor) -> Tensor:
    return network(inputs)


def _checkpointed(network: nn.Module, inputs: Tensor) -> Tensor:
    return checkpoint(network, inputs, use_reentrant=False)


def _half(network: nn.Module, inputs: Tensor) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        return network(inputs)


@pytest.mark.parametrize("run", [_plain, _checkpointed, _half])
def test_all_is_what_torchs_own_gives(
    run: Callable[[nn.Module, Tensor], Tensor], inputs: Tensor
) -> None:
    ours = _learnt(inputs, lean=True, run=run)
    theirs = _learnt(inputs, lean=False, run=run)
    assert torch.equal(ours[0], theirs[0])
    for found, expected in zip(ours[1:], theirs[1:], strict=True):
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_the_borders_pass_no_gradient() -> None:
    values = [-1.0, -0.0, 0.0, 1e-40, 3.0, 5.9999995, 6.0, 7.0, float("inf"), float("-inf")]
    found = []
    for layer in (LeanReLU6(), nn.ReLU6()):
        x = torch.tensor(values, requires_grad=True)
        y = layer(x)
        y.sum().backward()
        found.append((y.detach(), x.grad))
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])
    assert torch.isnan(LeanReLU6()(torch.tensor([float("nan")]))).all()


def test_less_is_kept(inputs: Tensor) -> None:
    def kept(*, lean: bool) -> int:
        sizes: dict[int, int] = {}

        def pack(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            sizes[storage.data_ptr()] = storage.nbytes()
            return tensor

        network = _network(lean=lean)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            outputs = network(inputs)
        assert outputs.requires_grad
        return sum(sizes.values())

    # Measured: 0.72 with two pictures of 224 pixels at width 1.
    assert kept(lean=True) < 0.85 * kept(lean=False)


def test_without_gradients_it_computes_the_same(inputs: Tensor) -> None:
    with torch.inference_mode():
        found, expected = (_network(lean=lean)(inputs) for lean in (True, False))
    assert torch.equal(found, expected)


@pytest.mark.parametrize("backbone", ["mobilenet_v2", "timm:mobilenetv2_050"])
def test_backbones_have_it_under_their_librarys_names(backbone: str) -> None:
    module = backbone_build(small(backbone=backbone)).module
    kinds = {type(each) for each in module.modules()}
    assert LeanReLU6 in kinds
    assert nn.ReLU6 not in kinds
    if not backbone.startswith("timm:"):
        plain = models.mobilenet_v2().state_dict()
        names = [name for name in plain if not name.startswith("classifier.")]
        assert list(module.state_dict()) == names


def test_a_layer_in_two_places_is_replaced_in_both() -> None:
    layer = nn.ReLU6()
    network = nn.Sequential(layer, nn.Sequential(layer, layer))
    relu6_lean(network)
    assert all(type(each) is LeanReLU6 for each in (network[0], *network[1]))
