"""What is on photos: one of ImageNet's classes by DenseNet-121, COCO's objects by RetinaNet.

Pfister et al. 2021, appendix B, says only "RetinaNet". `retinanet_resnet50_fpn` is taken: it is
the network of the RetinaNet paper (Lin et al. 2017), and the only one that torchvision had when
theirs appeared. `retinanet_resnet50_fpn_v2` (2022) finds more, so its counts are not comparable.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar, get_args

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision import models

from models_app.networks.backbones import BACKBONES
from models_app.networks.errors import NetworkError, PhotoUnusable
from models_app.networks.labels import NO_OBJECTS
from models_app.networks.preprocessing import photo_check, photo_to_input
from models_app.networks.scoring import Floats, Refused, batches, forward, full_precision
from models_app.networks.weights import Found, published_get, weights_load

Key = TypeVar("Key", bound=Hashable)
Detector = Literal["retinanet_resnet50_fpn", "retinanet_resnet50_fpn_v2"]

CLASSIFIER = "densenet121"
DETECTOR: Detector = "retinanet_resnet50_fpn"
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class ContentNetwork:
    """A network that names what is on photos.

    Attributes
    ----------
    name
        Torchvision's.
    module
        In evaluation mode, on the CPU.
    labels
        Name of each output.
    found
        Where its weights came from; None where they are random.
    """

    name: str
    module: nn.Module
    labels: tuple[str, ...]
    found: Found | None

    @property
    def random(self) -> bool:
        """True where nobody trained it; shown with every result."""
        return self.found is None


@dataclass(frozen=True, slots=True)
class TopClass(Generic[Key]):
    """The most probable class of one photo; the confidence is its probability."""

    key: Key
    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Seen:
    """Objects of one name on one photo: how many, and the confidence of the surest."""

    count: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Objects(Generic[Key]):
    """The objects of one photo by name, the surest first; empty where none was sure enough."""

    key: Key
    seen: Mapping[str, Seen]


def classifier_load(
    *, file: Path | None = None, download: bool = False, random_seed: int | None = None
) -> ContentNetwork:
    """Return DenseNet-121 with ImageNet's weights.

    Parameters
    ----------
    file, download
        See `weights.weights_find`.
    random_seed
        Draws weights that nobody trained instead, and marks the network so.

    Raises
    ------
    WeightsMissing, CheckpointRefused
        As `weights.weights_load`.
    ValueError
        If both weights and random ones are asked for.
    """
    return _load(CLASSIFIER, file, download, random_seed)


def detector_load(
    name: Detector = DETECTOR,
    *,
    file: Path | None = None,
    download: bool = False,
    random_seed: int | None = None,
) -> ContentNetwork:
    """Return RetinaNet with COCO's weights; parameters and errors as `classifier_load`.

    Raises
    ------
    ValueError
        If the name is none of the two, or as there.
    """
    if name not in get_args(Detector):
        raise ValueError(f"Unknown detector {name!r}; choose from {', '.join(get_args(Detector))}.")
    network = _load(name, file, download, random_seed)
    if name == "retinanet_resnet50_fpn":
        # Its weights were trained with batch statistics frozen and nothing added to the variance;
        # torchvision sets this, too, when it loads them itself.
        for layer in network.module.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eps = 0.0
    return network


def _load(name: str, file: Path | None, download: bool, random_seed: int | None) -> ContentNetwork:
    if random_seed is not None and (file is not None or download):
        raise ValueError("Random weights come from no file: give a seed, or say where weights are.")
    published = published_get(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0 if random_seed is None else random_seed)
        backbone = {} if name == CLASSIFIER else {"weights_backbone": None}
        module: nn.Module = models.get_model(name, weights=None, **backbone).eval()
    found = None
    if random_seed is None:
        found = weights_load(published, module, file=file, download=download)
    return ContentNetwork(name, module, published.labels, found)


def classes(
    photos: Iterable[tuple[Key, Image.Image]],
    network: ContentNetwork,
    *,
    device: str | torch.device = "cpu",
    batch_size: int = 8,
) -> Iterator[TopClass[Key] | Refused[Key]]:
    """Name the most probable class of photos, in their order.

    Parameters and errors are those of `scoring.score`.
    """
    module = network.module.to(device).eval()

    def prepare(photo: Image.Image) -> Floats:
        return photo_to_input(photo, BACKBONES[network.name])

    for batch in batches(photos, prepare, batch_size):
        if batch.keys:
            logits = forward(module, torch.from_numpy(batch.inputs).to(device))
            found = _tops(batch.keys, logits, network.labels)
        for item in batch.order:
            yield item if isinstance(item, Refused) else next(found)


def _tops(keys: list[Key], logits: Tensor, labels: tuple[str, ...]) -> Iterator[TopClass[Key]]:
    if not bool(torch.isfinite(logits).all()):
        raise NetworkError("The network returns infinite values: its weights are damaged.")
    probabilities, places = logits.double().softmax(1).max(1)
    for key, place, probability in zip(keys, places.tolist(), probabilities.tolist(), strict=True):
        yield TopClass(key, labels[place], probability)


def objects(
    photos: Iterable[tuple[Key, Image.Image]],
    network: ContentNetwork,
    *,
    threshold: float = THRESHOLD,
    device: str | torch.device = "cpu",
) -> Iterator[Objects[Key] | Refused[Key]]:
    """Find objects on photos, in their order.

    One photo at a time: in a batch, photos of other shapes would be padded to the largest, and
    what is found on one would depend on the others.

    Parameters
    ----------
    photos, device
        As of `scoring.score`.
    threshold
        The least confidence that counts, 0 to 1. The network itself drops what is below 0.05.

    Raises
    ------
    ValueError
        If the threshold lies outside.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"The threshold is {threshold}; it must be from 0 to 1.")
    module = network.module.to(device).eval()
    for key, photo in photos:
        try:
            photo_check(photo)
        except PhotoUnusable as error:
            yield Refused(key, str(error))
            continue
        found = _detect(module, photo, torch.device(device))
        yield Objects(
            key, objects_count(found["labels"], found["scores"], network.labels, threshold)
        )


def _detect(module: nn.Module, photo: Image.Image, device: torch.device) -> dict[str, Tensor]:
    """Return `labels` and `scores`, each [n]; the network itself resizes and normalises."""
    pixels = torch.from_numpy(np.array(photo)).permute(2, 0, 1).contiguous().to(device)
    with torch.inference_mode(), full_precision(device):
        detected: list[dict[str, Tensor]] = module([pixels.to(torch.float32) / 255])
    return detected[0]


def objects_count(
    found: Tensor, scores: Tensor, labels: tuple[str, ...], threshold: float = THRESHOLD
) -> dict[str, Seen]:
    """Count detections by name.

    Parameters
    ----------
    found
        Whole numbers, shape [n]: places in `labels`.
    scores
        Confidences from 0 to 1, shape [n], in any order.
    labels
        Names; those that stand for no object are left out.
    threshold
        The least confidence that counts; one that equals it does.

    Returns
    -------
    dict
        The name with the surest object first.
    """
    seen: dict[str, Seen] = {}
    order = torch.argsort(scores, descending=True, stable=True).tolist()
    for place in order:
        confidence, label = float(scores[place]), labels[int(found[place])]
        # As float32, which the confidence is: 0.3 would else lie above itself.
        if confidence < float(np.float32(threshold)) or label in NO_OBJECTS:
            continue
        before = seen.get(label, Seen(0, confidence))
        seen[label] = Seen(before.count + 1, before.confidence)
    return seen
