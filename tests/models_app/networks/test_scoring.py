"""Scores against networks put together by hand, NumPy, and themselves in other batches."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional
from torchvision import models, transforms

from models_app.networks.architectures import architecture_get
from models_app.networks.building import Network, network_random
from models_app.networks.errors import NetworkError
from models_app.networks.preprocessing import Preprocessing
from models_app.networks.scoring import (
    TOLERANCE,
    Refused,
    Score,
    distributions,
    moments,
    score,
)

SMALL = Preprocessing(72, 64, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))


@pytest.fixture(scope="module")
def network() -> Network:
    """Random weights, the head scaled up so that photos differ."""
    made = network_random("nima_mobilenet_v2", seed=3, preprocessing=SMALL)
    with torch.no_grad():
        made.module.classifier[1].weight.mul_(200)
    return made


def test_nima_on_vgg16_is_features_product_and_softmax(photos: dict[str, Image.Image]) -> None:
    network = network_random("nima_vgg16", seed=11)
    weights = network.module.state_dict()
    with torch.device("meta"):
        features = models.vgg16(weights=None).features
    features.to_empty(device="cpu").load_state_dict(
        {n.removeprefix("features."): t for n, t in weights.items() if n.startswith("features.")}
    )
    transform = transforms.Compose(
        [transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()]
    )
    with torch.inference_mode():
        batch = torch.stack([transform(photo) for photo in list(photos.values())[:2]])
        flat = features(batch).reshape(2, 25088).numpy()
    logits = flat @ weights["classifier.1.weight"].numpy().T + weights["classifier.1.bias"].numpy()
    expected = np.exp(logits - logits.max(1, keepdims=True))
    expected /= expected.sum(1, keepdims=True)
    found = list(score(list(photos.items())[:2], network))
    assert np.abs(np.array([item.distribution for item in found]) - expected).max() < TOLERANCE
    assert np.ptp(expected) > 100 * TOLERANCE


def test_nima_on_mobilenet_is_torchvisions_network_and_softmax(
    network: Network, photos: dict[str, Image.Image]
) -> None:
    theirs = models.mobilenet_v2(weights=None, num_classes=10).eval()
    theirs.load_state_dict(network.module.state_dict())
    transform = transforms.Compose(
        [
            transforms.Resize(72),
            transforms.CenterCrop(64),
            transforms.ToTensor(),
            transforms.Normalize(SMALL.mean, SMALL.std),
        ]
    )
    for found, photo in zip(score(photos.items(), network), photos.values(), strict=True):
        with torch.inference_mode():
            expected = functional.softmax(theirs(transform(photo)[None]), dim=1)[0].numpy()
        assert np.abs(np.array(found.distribution) - expected).max() < TOLERANCE


def test_scores_come_in_order_and_photos_differ(
    network: Network, photos: dict[str, Image.Image]
) -> None:
    found = list(score(photos.items(), network, batch_size=3))
    assert [item.key for item in found] == list(photos)
    assert len({item.distribution for item in found}) == len(photos)
    for item in found:
        assert len(item.distribution) == 10
        assert sum(item.distribution) == pytest.approx(1, abs=1e-12)
        ks = np.arange(1, 11)
        assert item.mean == pytest.approx(float((ks * item.distribution).sum()), abs=1e-12)
        variance = float((ks**2 * item.distribution).sum()) - item.mean**2
        assert item.sd == pytest.approx(variance**0.5, abs=1e-9)


@pytest.mark.parametrize("key", ["nima_mobilenet_v2", "nima_inception_v3", "torchvision:resnet18"])
def test_the_size_of_a_batch_changes_less_than_the_tolerance(
    key: str, photos: dict[str, Image.Image]
) -> None:
    network = network_random(key, seed=3, preprocessing=Preprocessing(112, 96))
    many = [(place, photo) for place in range(2) for photo in photos.values()][:9]
    one, eight = (
        np.array([item.distribution for item in score(many, network, batch_size=size)])
        for size in (1, 8)
    )
    assert np.abs(one - eight).max() < TOLERANCE


def test_it_gives_the_same_digits_again(network: Network, photos: dict[str, Image.Image]) -> None:
    assert list(score(photos.items(), network)) == list(score(photos.items(), network))


def test_a_network_in_training_mode_is_put_into_evaluation_mode(
    photos: dict[str, Image.Image],
) -> None:
    network = network_random("nima_mobilenet_v2", seed=3, preprocessing=SMALL)
    expected = list(score(photos.items(), network))
    before = network.weights_hash
    network.module.train()
    assert list(score(photos.items(), network)) == expected
    assert network.weights_hash == before


def test_nothing_is_read_ahead_of_the_batch_at_work(
    network: Network, photos: dict[str, Image.Image]
) -> None:
    read: list[str] = []

    def reading() -> Iterator[tuple[str, Image.Image]]:
        for key, photo in photos.items():
            read.append(key)
            yield key, photo

    scores = score(reading(), network, batch_size=2)
    assert read == []
    next(scores)
    assert len(read) == 2
    next(scores)
    assert len(read) == 2
    next(scores)
    assert len(read) == 4
    scores.close()
    assert len(read) == 4


def test_a_photo_that_cannot_be_used_takes_no_other_with_it(
    network: Network, photos: dict[str, Image.Image]
) -> None:
    good = list(photos.items())[:3]
    grey, strip = Image.new("L", (90, 90)), Image.new("RGB", (1, 90))
    mixed = [("grey", grey), good[0], ("strip", strip), good[1], good[2], ("grey", grey)]
    for size in (1, 2, 8):
        found = list(score(mixed, network, batch_size=size))
        assert [item.key for item in found] == [key for key, _photo in mixed]
        assert [type(item) for item in found] == [Refused, Score, Refused, Score, Score, Refused]
        assert found[2].reason.startswith("it is 1 x 90, one side more than 50 times")
        alone = [item.mean for item in score(good, network)]
        assert [found[p].mean for p in (1, 3, 4)] == pytest.approx(alone, abs=10 * TOLERANCE)


def test_no_photos_are_no_scores(network: Network) -> None:
    assert list(score([], network)) == []


def test_what_goes_wrong_while_photos_are_read_comes_through(network: Network) -> None:
    def broken() -> Iterator[tuple[int, Image.Image]]:
        raise OSError("the disk is gone")
        yield

    with pytest.raises(OSError, match="the disk is gone"):
        list(score(broken(), network))


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_holds_at_least_one(size: int, network: Network) -> None:
    with pytest.raises(ValueError, match=f"The batch size is {size}; it must be at least 1"):
        list(score([], network, batch_size=size))


def test_mean_and_sd_are_numpys() -> None:
    rng = np.random.default_rng(4)
    found = rng.dirichlet(np.full(10, 0.4), size=50)
    mean, sd = moments(found)
    ks = np.arange(1, 11)
    for row, m, s in zip(found, mean, sd, strict=True):
        assert m == pytest.approx(np.average(ks, weights=row), abs=1e-12)
        assert s == pytest.approx(np.average((ks - m) ** 2, weights=row) ** 0.5, abs=1e-12)


@pytest.mark.parametrize(
    ("bins", "mean", "sd"),
    [({1: 1.0}, 1, 0), ({10: 1.0}, 10, 0), ({1: 0.5, 10: 0.5}, 5.5, 4.5), ({4: 0.5, 6: 0.5}, 5, 1)],
)
def test_mean_and_sd_of_plain_cases(bins: dict[int, float], mean: float, sd: float) -> None:
    row = np.array([[bins.get(k, 0.0) for k in range(1, 11)]])
    assert [float(value[0]) for value in moments(row)] == pytest.approx([mean, sd])


def test_outputs_that_are_no_ten_logits_are_refused() -> None:
    nine = nn.Sequential(nn.Flatten(), nn.Linear(12, 9))
    with pytest.raises(NetworkError, match=r"returns \[9\] values a photo; it must return 10"):
        distributions(nine, np.zeros((1, 3, 2, 2), np.float32))
    ten = nn.Sequential(nn.Flatten(), nn.Linear(12, 10))
    with torch.no_grad():
        ten[1].bias[3] = torch.inf
    with pytest.raises(NetworkError, match="infinite values: its weights are damaged"):
        distributions(ten, np.zeros((1, 3, 2, 2), np.float32))


def test_softmax_of_large_logits_stays_finite() -> None:
    ten = nn.Sequential(nn.Flatten(), nn.Linear(12, 10))
    with torch.no_grad():
        ten[1].bias.copy_(torch.arange(10) * 1e4)
    found = distributions(ten, np.zeros((1, 3, 2, 2), np.float32))
    assert found[0].tolist() == [0.0] * 9 + [1.0]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("key", ["nima_vgg16", "nima_mobilenet_v2", "nima_inception_v3"])
def test_a_gpu_says_what_the_processor_says(key: str, photos: dict[str, Image.Image]) -> None:
    network = network_random(key, seed=3)
    assert network.architecture == architecture_get(key)
    slow = np.array([item.distribution for item in score(photos.items(), network)])
    fast = np.array([item.distribution for item in score(photos.items(), network, device="cuda")])
    network.module.cpu()
    assert np.abs(slow - fast).max() < 10 * TOLERANCE
