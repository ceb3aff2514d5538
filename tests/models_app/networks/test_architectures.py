import subprocess
import sys
from itertools import pairwise

import pytest
import torch
from torchvision import models

from models_app.imaging import open_photo
from models_app.networks.architectures import (
    ANY,
    REGISTRY,
    architecture_get,
    architecture_keys,
    entries_collect,
)
from models_app.networks.backbones import BACKBONES, HELPERS
from models_app.networks.building import (
    module_build,
    network_random,
    weights_expected,
    weights_hash,
)
from models_app.networks.errors import UnknownArchitectureError
from models_app.networks.preprocessing import HALF, Preprocessing
from models_app.networks.scoring import score

# RegNet has no meta tensors; of each kind the smallest is built in earnest.
BUILT = [name for name in BACKBONES if not name.startswith("regnet")]
BUILT += ["regnet_x_400mf", "regnet_y_400mf"]

# github.com/kentsyx/Neural-IMage-Assessment, model/model.py: VGG16's 13 convolutions at these
# places of `features`, then Sequential(Dropout, Linear, Softmax).
CHANNELS = {0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256)}
CHANNELS |= {12: (256, 256), 14: (256, 256), 17: (256, 512), 19: (512, 512), 21: (512, 512)}
CHANNELS |= {24: (512, 512), 26: (512, 512), 28: (512, 512)}


def test_the_registry_is_complete() -> None:
    assert list(REGISTRY) == ["nima_vgg16", "nima_mobilenet_v2", "nima_inception_v3"]
    assert len(BACKBONES) == 80
    assert architecture_keys() == (*REGISTRY, *(f"torchvision:{name}" for name in BACKBONES))


@pytest.mark.parametrize("key", REGISTRY)
def test_an_architecture_takes_its_own_input_and_returns_ten_logits(key: str) -> None:
    network = network_random(key, seed=1)
    side = network.preprocessing.side
    assert network.architecture.label
    assert network.architecture.source
    assert network.architecture.backbone in BACKBONES
    assert not network.module.training
    with torch.inference_mode():
        logits = network.module(torch.rand(2, 3, side, side))
    assert logits.shape == (2, 10)
    assert logits.dtype == torch.float32
    assert not torch.allclose(logits.sum(1), torch.ones(2))


def test_the_weights_of_nima_on_vgg16_are_named_as_kentsyx_has_them() -> None:
    expected = {}
    for place, (before, after) in CHANNELS.items():
        expected[f"features.{place}.weight"] = [after, before, 3, 3]
        expected[f"features.{place}.bias"] = [after]
    expected["classifier.1.weight"] = [10, 25088]
    expected["classifier.1.bias"] = [10]
    found = weights_expected(REGISTRY["nima_vgg16"])
    assert {name: list(tensor.shape) for name, tensor in found.items()} == expected
    assert list(found) == list(expected)


def test_its_preprocessing_is_that_of_kentsyx() -> None:
    assert REGISTRY["nima_vgg16"].preprocessing == Preprocessing(
        256, 224, "short_side", "bilinear", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    )


def test_dropout_is_nimas() -> None:
    rates = {
        key: [m.p for m in module_build(entry).modules() if isinstance(m, torch.nn.Dropout)]
        for key, entry in REGISTRY.items()
    }
    assert rates == {key: [0.75] for key in REGISTRY}


@pytest.mark.parametrize("name", BUILT)
def test_only_the_last_layer_of_torchvisions_networks_differs(name: str) -> None:
    expected = weights_expected(architecture_get(ANY + name))
    options = {"aux_logits": False, "init_weights": False} if name in HELPERS else {}
    build = models.get_model_builder(name)
    if name.startswith("regnet"):
        thousand = build(weights=None)
    else:
        with torch.device("meta"):
            thousand = build(weights=None, **options)
    shapes = {key: list(tensor.shape) for key, tensor in thousand.state_dict().items()}
    assert list(expected) == list(shapes)
    head = {key for key, tensor in expected.items() if list(tensor.shape) != shapes[key]}
    # Weight and bias of one layer, the last; MaxViT's has no bias.
    assert len({key.rpartition(".")[0] for key in head}) == 1
    assert set(list(shapes)[-len(head) :]) == head
    assert len(head) == (1 if name == "maxvit_t" else 2)
    for key in head:
        assert shapes[key][0] == 1000
        assert list(expected[key].shape) == [10, *shapes[key][1:]]


def test_the_list_of_backbones_is_torchvisions_with_the_inputs_of_its_weights() -> None:
    assert list(BACKBONES) == models.list_models(module=models)
    for name, ours in BACKBONES.items():
        members = {member.name: member for member in models.get_model_weights(name)}
        weights = members.get("IMAGENET1K_V1") or members["IMAGENET1K_SWAG_LINEAR_V1"]
        theirs = weights.transforms()
        assert (ours.resize, ours.crop) == (*theirs.resize_size, *theirs.crop_size), name
        assert ours.interpolation == theirs.interpolation.value, name
        assert ours.mode == "short_side"
        if name in HELPERS:
            assert (ours.mean, ours.std) == HALF
        else:
            assert (ours.mean, ours.std) == (tuple(theirs.mean), tuple(theirs.std)), name


@pytest.mark.parametrize("name", HELPERS)
def test_what_torchvision_normalises_inside_is_in_the_preprocessing(name: str) -> None:
    ours = network_random(ANY + name, seed=1).module
    build = models.get_model_builder(name)
    theirs = build(num_classes=10, aux_logits=False, init_weights=False, transform_input=True)
    theirs.load_state_dict(ours.state_dict())
    for module in (*ours.modules(), *theirs.eval().modules()):
        if isinstance(module, torch.nn.BatchNorm2d):
            # Random weights let the picture fade away; statistics of the batch keep it alive.
            module.train()
    ours, theirs = ours.double(), theirs.double()
    generator = torch.Generator().manual_seed(1)
    pixels = torch.rand(2, 3, 128, 128, generator=generator, dtype=torch.float64)
    mean, std = (
        torch.tensor(numbers, dtype=torch.float64)[:, None, None]
        for numbers in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    with torch.inference_mode():
        expected = theirs((pixels - mean) / std)
        found = ours((pixels - 0.5) / 0.5)
        spread = float(expected.std())
        assert float((found - expected).abs().max()) < 1e-6 * spread
        assert float((ours((pixels - mean) / std) - expected).abs().max()) > 1e-2 * spread


def test_a_seed_gives_the_same_weights_and_leaves_torchs_generator_alone() -> None:
    torch.manual_seed(7)
    untouched = torch.rand(3)
    torch.manual_seed(7)
    first, again, other = (network_random("nima_mobilenet_v2", seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.rand(3), untouched)
    assert first.weights_hash == again.weights_hash
    assert first.weights_hash != other.weights_hash
    assert first.random


@pytest.mark.parametrize("key", ["nima_mobilenet_v2", "nima_vgg16", "nima_inception_v3"])
def test_spread_random_weights_judge_photos_differently(key: str, real_photos) -> None:
    first, again = (network_random(key, seed=4, spread=True) for _ in range(2))
    assert first.weights_hash == again.weights_hash
    photos = [(path.name, open_photo(path)) for path in real_photos]
    means = sorted(float(found.mean) for found in score(photos, first))
    assert len(means) == len(real_photos)
    assert min(high - low for low, high in pairwise(means)) > 1e-4
    assert means[-1] - means[0] > 0.1


def test_a_network_without_a_linear_end_is_not_spread() -> None:
    with pytest.raises(ValueError, match="ends with a linear layer"):
        network_random(f"{ANY}squeezenet1_1", seed=1, spread=True)


def test_a_hash_tells_names_shapes_types_and_values_apart() -> None:
    base = {"a": torch.zeros(2, 3), "b": torch.ones(4)}
    others = [
        {"a": torch.zeros(3, 2), "b": torch.ones(4)},
        {"c": torch.zeros(2, 3), "b": torch.ones(4)},
        {"a": torch.zeros(2, 3).half(), "b": torch.ones(4)},
        {"a": torch.zeros(2, 3), "b": torch.tensor([1, 1, 1, 1 + 1e-6])},
        {"a": torch.zeros(2, 3)},
    ]
    hashes = [weights_hash(weights) for weights in (base, *others)]
    assert len(set(hashes)) == 6
    assert weights_hash({"b": torch.ones(4), "a": torch.zeros(3, 2).T}) == hashes[0]
    assert len(weights_hash({"n": torch.tensor(3)})) == 64


def test_a_key_registered_twice_is_refused() -> None:
    entry = REGISTRY["nima_vgg16"]
    with pytest.raises(ValueError, match="'nima_vgg16' is registered twice"):
        entries_collect([entry, entry])


def test_a_key_like_torchvisions_is_refused() -> None:
    with pytest.raises(
        ValueError, match="'torchvision:resnet18' may not begin with 'torchvision:'"
    ):
        entries_collect([architecture_get("torchvision:resnet18")])


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("nima_vgg", "'nima_vgg'; the closest are nima_vgg16"),
        ("torchvision:resnet51", "the closest are torchvision:resnet50, torchvision:resnet18"),
        ("ResNet50", "the closest are torchvision:resnet50"),
        ("vgg16", "the closest are torchvision:vgg16, torchvision:vgg1"),
        ("torchvision:", "torchvision has alexnet, convnext_base"),
        (
            "",
            "''; choose from nima_vgg16, nima_mobilenet_v2, nima_inception_v3 and torchvision:NAME",
        ),
        ("torchvision:retinanet_resnet50_fpn", "torchvision has alexnet, "),
        ("x" * 10_000, "choose from nima_vgg16"),
    ],
)
def test_an_unknown_key_is_answered_with_what_looks_like_it(key: str, told: str) -> None:
    with pytest.raises(UnknownArchitectureError, match=r"^Unknown architecture .+\.$") as caught:
        architecture_get(key)
    assert told in str(caught.value)
    assert len(str(caught.value)) < 2000


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_what_the_web_process_reads_imports_no_torch() -> None:
    light = ("architectures", "backbones", "errors", "labels", "preprocessing")
    imports = ", ".join(f"models_app.networks.{name}" for name in light)
    names = ("torch", "torchvision", "safetensors", "django")
    assert run(f"import sys, {imports}\nprint([n for n in {names} if n in sys.modules])") == "[]"


def test_the_whole_package_imports_no_django() -> None:
    program = (
        "import sys, pkgutil, importlib, models_app.networks as package\n"
        "found = list(pkgutil.walk_packages(package.__path__, package.__name__ + '.'))\n"
        "for module in found: importlib.import_module(module.name)\n"
        "names = ('django', 'celery', 'rest_framework', 'survey')\n"
        "print(len(found) > 12, [name for name in names if name in sys.modules])"
    )
    assert run(program) == "True []"
