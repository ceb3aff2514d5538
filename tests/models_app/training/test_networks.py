import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from models_app.networks.errors import WeightsMissing
from models_app.networks.tensor_files import tensors_write
from models_app.training.errors import ConfigInvalid
from models_app.training.networks import network_build
from models_app.training.origins import backbone_initial
from tests.models_app.training.step_parts import (
    HEADS,
    Heads,
    Score,
    batch_of,
    network_small,
    small,
)


@pytest.fixture(scope="module")
def pictures(real_photos: list[Path]) -> Tensor:
    return batch_of(real_photos, 64).flatten(0, 1)


def _published(name: str = "mobilenet_v2") -> dict[str, Tensor]:
    """Weights with the names and shapes of the published file; the values are random."""
    torch.manual_seed(3)
    options = {"init_weights": False} if name == "inception_v3" else {}
    state: dict[str, Tensor] = models.get_model(name, weights=None, **options).state_dict()
    return state


def test_features_are_what_the_classifier_would_get(pictures: Tensor) -> None:
    network = network_small(side=64).eval()
    torch.manual_seed(0)
    whole = models.mobilenet_v2(width_mult=0.25)
    kept = {n.removeprefix("backbone."): t for n, t in network.state_dict().items()}
    whole.load_state_dict({n: kept.get(n, t) for n, t in whole.state_dict().items()})
    seen: list[Tensor] = []
    whole.classifier[1].register_forward_hook(lambda _m, args, _out: seen.append(args[0]))
    mean, sd = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    normal = (pictures.float() / 255 - mean.view(3, 1, 1)) / sd.view(3, 1, 1)
    with torch.no_grad():
        whole.eval()(normal)
        found = network.features(pictures)
    assert found.shape == (len(pictures), network.width)
    torch.testing.assert_close(found, seen[0], rtol=1e-4, atol=1e-5)


def test_weights_keep_torchvisions_names() -> None:
    names = {n for n in network_small().state_dict() if not n.startswith("heads.")}
    expected = models.mobilenet_v2(width_mult=0.25).state_dict()
    assert names == {f"backbone.{n}" for n in expected if not n.startswith("classifier.")}


@pytest.mark.parametrize(
    ("name", "side", "features"),
    [
        ("mobilenet_v2", 32, 1280),
        ("resnet18", 32, 512),
        ("squeezenet1_1", 32, 512),
        ("googlenet", 32, 1024),
        ("densenet121", 32, 1024),
        ("mobilenet_v3_small", 32, 1024),
        ("shufflenet_v2_x0_5", 32, 1024),
        ("timm:resnet10t", 32, 512),
        ("timm:vit_tiny_patch16_224", 64, 192),
    ],
)
def test_any_backbone_gives_features(name: str, side: int, features: int) -> None:
    network = network_small(backbone=name, side=side)
    batch = torch.zeros(2, 3, side, side, dtype=torch.uint8)
    outputs = network(batch)
    assert network.width == features
    assert outputs["ranking"].shape == (2, 1)
    assert outputs["classification"].shape == (2, 3)
    assert all(each.dtype == torch.float32 for each in outputs.values())


def test_every_task_starts_from_the_same_weights() -> None:
    torch.manual_seed(7)
    one = network_build(small(), Heads({"ranking": Score()}))[0].state_dict()
    torch.manual_seed(8)
    state = torch.get_rng_state()
    both = network_build(small(), HEADS)[0].state_dict()
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(both[name], tensor) for name, tensor in one.items())
    other = network_small(seed=2).state_dict()
    name = "backbone.features.0.0.weight"
    assert not torch.equal(other[name], one[name])


def test_terms_may_share_a_head(pictures: Tensor) -> None:
    shared = Heads({"ranking": Score(), "agreement": Score()})
    network, _origin = network_build(small(side=64), shared)
    assert list(network.heads) == ["ranking"]
    outputs = network(pictures)
    assert outputs["agreement"] is outputs["ranking"]


def test_heads_see_what_the_mask_keeps(pictures: Tensor) -> None:
    network = network_small(side=64).eval()
    with torch.no_grad():
        features = network.features(pictures)
        masked = network.outputs(features, torch.zeros_like(features))["classification"]
    bias = network.heads["classification"].bias
    torch.testing.assert_close(masked, bias.expand_as(masked))


def test_half_precision_ends_at_the_features(pictures: Tensor) -> None:
    exact = network_small(side=64).eval()
    half = network_small(side=64, precision="bf16").eval()
    with torch.no_grad():
        found, expected = half.features(pictures), exact.features(pictures)
        outputs = half.outputs(found)
    assert found.dtype == torch.float32
    assert not torch.equal(found, expected)
    # Eight bits of a number, through 53 layers.
    assert float((found - expected).norm() / expected.norm()) < 0.1
    assert outputs["ranking"].dtype == torch.float32


def test_random_weights_say_so() -> None:
    _network, origin = network_build(small(), HEADS)
    assert origin.random
    assert origin.to_json() == {
        "kind": "random", "file": "", "sha256": "", "random": True, "text": "random"
    }  # fmt: skip


@pytest.mark.parametrize(("name", "side"), [("mobilenet_v2", 32), ("inception_v3", 96)])
def test_imagenet_comes_from_a_file(name: str, side: int, tmp_path: Path) -> None:
    published = _published(name)
    torch.save(published, tmp_path / "a.pth")
    config = small(
        backbone=name, side=side, weights="imagenet", weights_file=str(tmp_path / "a.pth")
    )
    network, origin = network_build(config, HEADS)
    assert not origin.random
    assert origin.text.startswith("ImageNet (a.pth, SHA-256 ")
    for key, tensor in network.backbone.state_dict().items():
        assert torch.equal(tensor, published[key]), key


def test_imagenet_is_no_other_classifier(tmp_path: Path) -> None:
    torch.save(models.mobilenet_v2(num_classes=10).state_dict(), tmp_path / "a.pth")
    config = small(
        backbone="mobilenet_v2", weights="imagenet", weights_file=str(tmp_path / "a.pth")
    )
    with pytest.raises(ConfigInvalid, match=r"a\.pth: its weights are not those of ImageNet's"):
        network_build(config, HEADS)


@pytest.mark.parametrize("backbone", ["mobilenet_v2", "timm:resnet10t"])
def test_without_imagenet_nothing_random_stands_in(
    backbone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.file_download

    before = torch.hub.get_dir()
    torch.hub.set_dir(str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    try:
        with pytest.raises(WeightsMissing, match="are not on this machine and downloading was not"):
            network_build(small(backbone=backbone, weights="imagenet"), HEADS)
    finally:
        torch.hub.set_dir(before)


@pytest.mark.parametrize("kind", ["ours", "plain", "torch"])
def test_earlier_training_goes_on_from_its_backbone(kind: str, tmp_path: Path) -> None:
    earlier = network_small(seed=9)
    state = earlier.state_dict()
    if kind != "ours":
        state = earlier.backbone.state_dict()
    path = tmp_path / ("a.pth" if kind == "torch" else "a.safetensors")
    if kind == "torch":
        torch.save(state, path)
    else:
        tensors_write(path, state, {})
    network, origin = network_build(small(weights="file", weights_file=str(path)), HEADS)
    for name, tensor in earlier.backbone.state_dict().items():
        assert torch.equal(network.backbone.state_dict()[name], tensor)
    # The heads are this task's own.
    fresh = network_small().heads.state_dict()
    assert all(torch.equal(network.heads.state_dict()[n], t) for n, t in fresh.items())
    assert not origin.random
    assert len(origin.sha256) == 64


def test_weights_of_another_width_are_refused(tmp_path: Path) -> None:
    tensors_write(tmp_path / "a.safetensors", network_small(width=0.5).state_dict(), {})
    config = small(weights="file", weights_file=str(tmp_path / "a.safetensors"))
    with pytest.raises(ConfigInvalid, match=r"do not fit the backbone mobilenet_v2 of width 0\.25"):
        network_build(config, HEADS)


def test_a_missing_and_a_damaged_file_are_refused(tmp_path: Path) -> None:
    config = small(weights="file", weights_file=str(tmp_path / "a.pth"))
    with pytest.raises(ConfigInvalid, match=r"There is no file 'a\.pth' of weights"):
        network_build(config, HEADS)
    (tmp_path / "a.pth").write_bytes(b"no weights")
    with pytest.raises(ConfigInvalid, match=r"a\.pth: it is damaged"):
        network_build(config, HEADS)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"backbone": "mobilnet_v2"}, "Did you mean mobilenet_v2"),
        ({"backbone": "timm:mobilnetv3_small_050"}, "Did you mean timm:mobilenetv3_small_050"),
        ({"backbone": "lraspp_mobilenet_v3_large"}, "has no classification network"),
        ({"backbone": "alexnet"}, "alexnet cannot take pictures of side 32"),
        ({"backbone": "vit_b_16", "side": 40}, "vit_b_16 cannot take pictures of side 40"),
    ],
)
def test_a_backbone_that_will_not_do_is_explained(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigInvalid, match=sentence):
        backbone_initial(small(**options))


def test_without_timm_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # How Python itself marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ConfigInvalid, match="`pip install timm`"):
        backbone_initial(small(backbone="timm:resnet10t"))


def test_the_network_learns_what_its_configuration_says() -> None:
    def learning(network: nn.Module) -> set[str]:
        return {n.rsplit(".", 2)[0] for n, w in network.named_parameters() if w.requires_grad}

    last = network_small(trainable="last_block")
    assert {n for n in learning(last) if n.startswith("backbone")} == {"backbone.features.18"}
    last.train_layers(heads_only=True)
    assert not last.backbone_learns
    assert network_small().backbone_learns
