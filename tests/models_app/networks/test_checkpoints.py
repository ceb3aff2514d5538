"""Files of weights as networks: what fits, what does not and in which words, what is written."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision import models

from models_app.networks import tensor_files
from models_app.networks.building import Network, network_random
from models_app.networks.checkpoints import checkpoint_load, checkpoint_save
from models_app.networks.errors import CheckpointRefused, UnknownArchitectureError
from models_app.networks.preprocessing import Preprocessing

KEY = "nima_mobilenet_v2"
PLAIN = Preprocessing(72, 64)
Weights = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def network() -> Network:
    return network_random(KEY, seed=5, preprocessing=PLAIN)


@pytest.fixture
def weights(network: Network) -> Weights:
    return dict(network.module.state_dict())


def load(path: Path, **given: Any) -> Network:
    return checkpoint_load(path, **({"architecture": KEY, "preprocessing": PLAIN} | given))


def refusal(path: Path, **given: Any) -> str:
    with pytest.raises(CheckpointRefused) as caught:
        load(path, **given)
    told = str(caught.value)
    assert "\n" not in told
    assert str(path.parent) not in told
    assert len(told) < 700
    return told


def test_a_network_comes_back_from_its_file(network: Network, tmp_path: Path) -> None:
    digest = checkpoint_save(network, tmp_path / "a.safetensors")
    again = checkpoint_load(tmp_path / "a.safetensors")
    assert again.weights_hash == network.weights_hash == digest
    assert (again.architecture, again.preprocessing) == (network.architecture, PLAIN)
    assert again.random
    assert not again.module.training
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]
    pixels = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(again.module(pixels), network.module(pixels))


def test_its_note_says_what_it_is(network: Network, tmp_path: Path) -> None:
    digest = checkpoint_save(network, tmp_path / "a.safetensors")
    assert tensor_files.note_read(tmp_path / "a.safetensors") == {
        "format": 1,
        "architecture": KEY,
        "preprocessing": PLAIN.to_json(),
        "random": True,
        "weights_hash": digest,
    }


def test_random_weights_stay_marked_whatever_the_importer_says(
    network: Network, tmp_path: Path
) -> None:
    checkpoint_save(network, tmp_path / "a.safetensors")
    assert load(tmp_path / "a.safetensors").random


def as_is(weights: Weights) -> object:
    return weights


WRAPPINGS: list[Callable[[Weights], object]] = [
    as_is,
    lambda w: {"state_dict": w, "epoch": 3},
    lambda w: {"model": {"state_dict": w}, "optimizer": {"state": {}}},
    lambda w: {"module." + name: tensor for name, tensor in w.items()},
    lambda w: {"state_dict": {"module._orig_mod." + name: t for name, t in w.items()}},
    lambda w: {name: nn.Parameter(t) if t.is_floating_point() else t for name, t in w.items()},
    lambda w: {name: t for name, t in w.items() if not name.endswith("num_batches_tracked")},
    lambda w: {name: t.double() if t.is_floating_point() else t for name, t in w.items()},
    lambda w: {name: t.T.contiguous().T if t.ndim == 2 else t for name, t in w.items()},
]


@pytest.mark.parametrize("wrap", WRAPPINGS)
@pytest.mark.parametrize("zipped", [True, False])
def test_files_of_training_programs_are_understood(
    wrap: Callable[[Weights], object],
    zipped: bool,
    network: Network,
    weights: Weights,
    tmp_path: Path,
) -> None:
    path = tmp_path / "epoch-57.pkl"
    torch.save(wrap(weights), path, _use_new_zipfile_serialization=zipped)
    found = load(path)
    assert found.weights_hash == network.weights_hash
    assert not found.random
    assert not any(parameter.is_inference() for parameter in found.module.parameters())


def test_half_precision_is_read_as_float32(weights: Weights, tmp_path: Path) -> None:
    half = {name: t.half() if t.is_floating_point() else t for name, t in weights.items()}
    save_file(half, tmp_path / "half.safetensors")
    found = load(tmp_path / "half.safetensors").module.state_dict()
    for name, tensor in found.items():
        assert tensor.dtype == weights[name].dtype
        assert torch.equal(tensor, half[name].to(tensor.dtype))


def test_auxiliary_classifiers_are_dropped_and_named(tmp_path: Path) -> None:
    network = network_random("torchvision:googlenet", seed=1)
    extra = {"aux1.fc2.weight": torch.zeros(10, 1024), "aux2.fc2.weight": torch.zeros(10, 1024)}
    torch.save(network.module.state_dict() | extra, tmp_path / "a.pth")
    found = load(tmp_path / "a.pth", architecture="torchvision:googlenet")
    assert found.dropped == tuple(extra)
    assert found.weights_hash == network.weights_hash


def test_missing_unexpected_and_misshapen_weights_are_named(
    weights: Weights, tmp_path: Path
) -> None:
    del weights["classifier.1.bias"]
    weights["classifier.1.weight"] = torch.zeros(1000, 1280)
    weights |= {f"extra.{place}": torch.zeros(1) for place in range(5)}
    torch.save(weights, tmp_path / "a.pth")
    assert refusal(tmp_path / "a.pth") == (
        "its weights do not fit NIMA on MobileNetV2 (nima_mobilenet_v2): of 314 tensors, "
        "1 missing ('classifier.1.bias'); "
        "5 unexpected ('extra.0', 'extra.1', 'extra.2' and 2 more); "
        "1 of another shape ('classifier.1.weight' has [1000, 1280] instead of [10, 1280]): "
        "choose the architecture that it was trained with"
    )


def test_the_architecture_that_they_fit_is_named(weights: Weights, tmp_path: Path) -> None:
    torch.save(weights, tmp_path / "a.pth")
    told = refusal(tmp_path / "a.pth", architecture="nima_vgg16")
    assert "of 28 tensors, 26 missing ('features.0.weight', 'features.0.bias', " in told
    assert told.endswith("they fit nima_mobilenet_v2, choose that")


def test_torchvisions_own_classifier_is_no_judge(tmp_path: Path) -> None:
    torch.save(models.mobilenet_v2(weights=None).state_dict(), tmp_path / "a.pth")
    told = refusal(tmp_path / "a.pth")
    assert (
        "2 of another shape ('classifier.1.weight' has [1000, 1280] instead of [10, 1280]" in told
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_values_that_are_not_finite_are_refused(
    value: float, weights: Weights, tmp_path: Path
) -> None:
    name = "features.3.conv.0.0.weight"
    weights[name] = weights[name].clone()
    weights[name].view(-1)[[1, 5]] = value
    torch.save(weights, tmp_path / "a.pth")
    told = refusal(tmp_path / "a.pth")
    assert told.startswith(f"its weights '{name}' hold 2 values that are infinite or no number")


def test_a_tensor_that_claims_more_than_it_has_is_refused_by_its_shape(
    weights: Weights, tmp_path: Path
) -> None:
    # 40 TB, were anybody to touch it.
    weights["classifier.1.weight"] = torch.zeros(1).expand(10**13)
    torch.save(weights, tmp_path / "a.pth")
    assert (tmp_path / "a.pth").stat().st_size < 20e6
    assert "has [10000000000000] instead of [10, 1280]" in refusal(tmp_path / "a.pth")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t.to_sparse(), "is sparse or quantised instead of floating point"),
        (lambda t: t.to(torch.int32), "is whole numbers instead of floating point"),
        (lambda t: t.to(torch.complex64), "is complex64 instead of floating point"),
        (lambda t: t.to("meta"), "is without values instead of floating point"),
    ],
)
def test_tensors_of_another_type_are_refused(
    change: Callable[[torch.Tensor], torch.Tensor], told: str, weights: Weights, tmp_path: Path
) -> None:
    weights["classifier.1.bias"] = change(weights["classifier.1.bias"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(weights, tmp_path / "a.pth")
    assert f"1 of another type ('classifier.1.bias' {told})" in refusal(tmp_path / "a.pth")


def test_whoever_imports_says_what_the_weights_are(weights: Weights, tmp_path: Path) -> None:
    torch.save(weights, tmp_path / "a.pth")
    assert refusal(tmp_path / "a.pth", architecture=None) == (
        "it does not say which architecture its weights belong to: choose one, such as "
        "nima_vgg16, nima_mobilenet_v2, nima_inception_v3"
    )
    assert refusal(tmp_path / "a.pth", preprocessing=None) == (
        "it does not say how photos were prepared for its network: state the preprocessing"
    )
    with pytest.raises(UnknownArchitectureError, match="the closest are nima_mobilenet_v2"):
        load(tmp_path / "a.pth", architecture="nima_mobilenet")


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ('{"architecture": "nima_mobilenet_v2", "preprocessing": {"resize": 1}}', "resize is 1;"),
        ('{"architecture": "nima_mobilenet_v2", "preprocessing": 5}', "must be an object"),
        ('{"architecture": ["x"]}', "it does not say which architecture"),
        ("[]", "its entry 'proofsheet' is no object: export the weights again"),
        ("{", "it is damaged or neither"),
    ],
)
def test_a_note_that_makes_no_sense_is_refused(
    note: str, told: str, weights: Weights, tmp_path: Path
) -> None:
    save_file(weights, tmp_path / "a.safetensors", {tensor_files.NOTE: note})
    found = refusal(tmp_path / "a.safetensors", architecture=None, preprocessing=None)
    assert told in found


@pytest.mark.parametrize(
    ("key", "preprocessing"),
    [("nima_vgg16", Preprocessing(256, 192)), ("torchvision:maxvit_t", Preprocessing(256, 256))],
)
def test_a_size_that_the_network_does_not_take_is_refused(
    key: str, preprocessing: Preprocessing, tmp_path: Path
) -> None:
    network = network_random(key, seed=1)
    checkpoint_save(network, tmp_path / "a.safetensors")
    side = preprocessing.side
    assert checkpoint_load(tmp_path / "a.safetensors").preprocessing.side == 224
    assert refusal(tmp_path / "a.safetensors", architecture=key, preprocessing=preprocessing) == (
        f"its network takes no pictures of {side} x {side} pixels: state a preprocessing whose "
        "result has the size that it was trained with, such as 224"
    )


def test_a_folder_that_is_not_there_is_an_os_error(network: Network, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        checkpoint_save(network, tmp_path / "none" / "a.safetensors")


def test_other_programs_read_our_files(network: Network, tmp_path: Path) -> None:
    checkpoint_save(network, tmp_path / "a.safetensors")
    theirs = models.mobilenet_v2(weights=None, num_classes=10)
    theirs.load_state_dict(load_file(tmp_path / "a.safetensors"), strict=True)
