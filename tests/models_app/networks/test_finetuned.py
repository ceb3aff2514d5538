"""The networks that this program fine-tunes, by their keys."""

import pytest
import torch

from models_app.networks.architectures import (
    REGISTRY,
    Entry,
    architecture_get,
    architecture_keys,
    entries_collect,
    finetuned_key,
)
from models_app.networks.building import module_build, network_random, weights_expected
from models_app.networks.checkpoints import checkpoint_load, checkpoint_save
from models_app.networks.errors import CheckpointRefused, UnknownArchitectureError
from models_app.networks.preprocessing import HALF, IMAGENET, Preprocessing


@pytest.mark.parametrize(
    ("backbone", "options", "key"),
    [
        ("mobilenet_v2", {}, "nima:mobilenet_v2"),
        ("mobilenet_v2", {"width": 0.25}, "nima:mobilenet_v2@0.25"),
        ("mobilenet_v2", {"width": 2.0}, "nima:mobilenet_v2@2"),
        ("vit_b_32", {"side": 96}, "nima:vit_b_32/96"),
        ("regnet_x_400mf", {}, "nima:regnet_x_400mf"),
        ("timm:resnet18.a1_in1k", {}, "nima:timm:resnet18.a1_in1k"),
    ],
)
def test_a_key_names_the_network_that_it_builds(backbone, options, key):
    assert finetuned_key(backbone, **options) == key
    if backbone.startswith("timm:"):
        pytest.importorskip("timm")
    entry = architecture_get(key)
    assert entry.backbone == backbone
    assert entry.preprocessing.mode == "pad_square"
    network = network_random(key, seed=1)
    side = network.preprocessing.side
    with torch.inference_mode():
        logits = network.module(torch.rand(2, 3, side, side))
    assert logits.shape == (2, 10)
    names = list(weights_expected(entry))
    assert names[-2:] == ["head.weight", "head.bias"]
    assert all(name.startswith("backbone.") for name in names[:-2])
    assert [m.p for m in module_build(entry).modules() if isinstance(m, torch.nn.Dropout)][-1] == (
        0.75
    )


def test_its_features_are_what_the_backbones_classifier_would_be_given():
    from torchvision import models

    ours = network_random("nima:mobilenet_v2@0.25", seed=3).module
    theirs = models.mobilenet_v2(width_mult=0.25, num_classes=10).eval()
    weights = {
        name.removeprefix("backbone.").replace("head.", "classifier.1."): tensor
        for name, tensor in ours.state_dict().items()
    }
    theirs.load_state_dict(weights)
    batch = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert torch.equal(ours(batch), theirs(batch))


def test_the_input_is_the_whole_photo_with_the_backbones_mean():
    known = {"nima:mobilenet_v2": (224, IMAGENET), "nima:inception_v3": (299, HALF)}
    for key, (side, (mean, std)) in known.items():
        expected = Preprocessing(side, mode="pad_square", mean=mean, std=std)
        assert architecture_get(key).preprocessing == expected


def test_a_file_says_what_it_is(tmp_path):
    proposed = Preprocessing(48, mode="pad_square")
    network = network_random("nima:mobilenet_v2@0.1", seed=1, preprocessing=proposed)
    checkpoint_save(network, tmp_path / "weights.safetensors")
    found = checkpoint_load(tmp_path / "weights.safetensors")
    assert found.architecture.key == "nima:mobilenet_v2@0.1"
    assert found.preprocessing == proposed
    with pytest.raises(CheckpointRefused, match=r"do not fit NIMA: mobilenet_v2@0\.25"):
        checkpoint_load(tmp_path / "weights.safetensors", architecture="nima:mobilenet_v2@0.25")


@pytest.mark.parametrize(
    "key", ["nima:", "nima:resnet9", "nima:mobilenet_v2@", "nima:mobilenet_v2@wide", "nima:a/1"]
)
def test_a_key_that_names_nothing_is_refused(key):
    with pytest.raises(UnknownArchitectureError, match=r"^Unknown architecture .+\.$"):
        architecture_get(key)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("nima:resnet18@0.5", "width is 0.5, which only mobilenet_v2 has"),
        ("nima:mobilenet_v2@9", "width is 9.0; allowed are numbers from 0.1 to 4"),
        ("nima:timm:no_such_network", "timm"),
    ],
)
def test_a_network_that_cannot_be_built_is_refused_with_the_reason(key, reason):
    with pytest.raises(CheckpointRefused, match=reason):
        module_build(architecture_get(key))


def test_lists_do_not_offer_them_and_no_other_key_begins_so():
    assert not any(key.startswith("nima:") for key in architecture_keys())
    first = REGISTRY["nima_vgg16"]
    taken = Entry("nima:own", "Own", first.path, first.preprocessing, first.backbone)
    with pytest.raises(ValueError, match="'nima:own' may not begin with 'nima:'"):
        entries_collect([taken])
