"""Classes and objects on photos against torchvision's own networks, and the authors' names."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models
from torchvision.models import detection

from models_app.networks.content import (
    ContentNetwork,
    Seen,
    classes,
    classifier_load,
    detector_load,
    objects,
    objects_count,
)
from models_app.networks.errors import WeightsMissing
from models_app.networks.labels import NO_OBJECTS, counts_common, label_common
from models_app.networks.scoring import Refused
from models_app.networks.weights import published_get

COCO = published_get("retinanet_resnet50_fpn").labels


@pytest.fixture(scope="module")
def classifier() -> ContentNetwork:
    return classifier_load(random_seed=1)


def test_weights_that_are_missing_are_not_replaced(hub: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"curl .*densenet121-a639ec97\.pth"):
        classifier_load()
    with pytest.raises(WeightsMissing, match=r"curl .*retinanet_resnet50_fpn_coco-eeacb38b\.pth"):
        detector_load()


def test_random_weights_are_asked_for_marked_and_repeatable(classifier: ContentNetwork) -> None:
    assert classifier.random
    assert classifier.found is None
    again, other = classifier_load(random_seed=1), classifier_load(random_seed=2)
    weight = "classifier.weight"
    first = classifier.module.state_dict()[weight]
    assert torch.equal(first, again.module.state_dict()[weight])
    assert not torch.equal(first, other.module.state_dict()[weight])


def test_the_top_class_is_torchvisions(photos: dict[str, Image.Image], tmp_path: Path) -> None:
    torch.manual_seed(8)
    theirs = models.densenet121(weights=None).eval()
    with torch.no_grad():
        theirs.classifier.weight.mul_(30)
    torch.save(theirs.state_dict(), tmp_path / "own.pth")
    network = classifier_load(file=tmp_path / "own.pth")
    assert not network.random
    weights = models.DenseNet121_Weights.IMAGENET1K_V1
    found = list(classes(photos.items(), network, batch_size=3))
    assert [item.key for item in found] == list(photos)
    for item, photo in zip(found, photos.values(), strict=True):
        with torch.inference_mode():
            probabilities = theirs(weights.transforms()(photo)[None]).softmax(1)[0]
        assert item.label == weights.meta["categories"][int(probabilities.argmax())]
        assert item.confidence == pytest.approx(float(probabilities.max()), abs=1e-5)
    assert len({item.label for item in found}) > 1


def test_classes_leave_a_photo_out_that_cannot_be_used(
    classifier: ContentNetwork, photos: dict[str, Image.Image]
) -> None:
    mixed = [("grey", Image.new("L", (9, 9))), *list(photos.items())[:1]]
    found = list(classes(mixed, classifier))
    assert found[0] == Refused("grey", "it has mode L: convert it to RGB first")
    assert found[1].key == mixed[1][0]


def shrunk(network: torch.nn.Module) -> torch.nn.Module:
    """Small pictures instead of 800 pixels, so that a test takes seconds."""
    network.transform.min_size, network.transform.max_size = (160,), 256
    return network


def coco_weights() -> dict[str, torch.Tensor]:
    """Random weights that see objects: biased batch statistics and a sharp classifier."""
    torch.manual_seed(9)
    model = detection.retinanet_resnet50_fpn(weights=None, weights_backbone=None)
    state = model.state_dict()
    for name, tensor in state.items():
        if name.endswith("running_var"):
            tensor.uniform_(1e-4, 2e-3) if "bn3" in name else tensor.uniform_(0.5, 1.5)
    state["head.classification_head.cls_logits.weight"].mul_(40)
    state["head.classification_head.cls_logits.bias"].fill_(-2.0)
    # As published: frozen batch statistics count no batches.
    return {name: t for name, t in state.items() if not name.endswith("num_batches_tracked")}


def test_objects_are_torchvisions(
    photos: dict[str, Image.Image], hub: Path, tmp_path: Path
) -> None:
    torch.save(coco_weights(), tmp_path / "own.pth")
    network = detector_load(file=tmp_path / "own.pth")
    # Torchvision does not check the hash of a cached file.
    torch.save(coco_weights(), hub / "retinanet_resnet50_fpn_coco-eeacb38b.pth")
    weights = detection.RetinaNet_ResNet50_FPN_Weights.COCO_V1
    theirs = shrunk(detection.retinanet_resnet50_fpn(weights=weights).eval())
    shrunk(network.module)
    some = {key: photos[key].resize((160, 120)) for key in list(photos)[:2]}
    total = 0
    for item, photo in zip(objects(some.items(), network), some.values(), strict=True):
        with torch.inference_mode():
            detected = theirs([weights.transforms()(photo)])[0]
        sure = detected["scores"] >= 0.5
        names = [weights.meta["categories"][place] for place in detected["labels"][sure]]
        names = [name for name in names if name not in NO_OBJECTS]
        assert {label: seen.count for label, seen in item.seen.items()} == {
            name: names.count(name) for name in names
        }
        best = [seen.confidence for seen in item.seen.values()]
        assert best == sorted(best, reverse=True)
        total += len(names)
    assert total > 0
    assert not network.random


@pytest.mark.parametrize("name", ["retinanet_resnet50_fpn", "retinanet_resnet50_fpn_v2"])
def test_a_random_detector_is_marked_and_runs(name: str, photos: dict[str, Image.Image]) -> None:
    network = detector_load(name, random_seed=1)
    shrunk(network.module)
    assert network.random
    mixed = [("strip", Image.new("RGB", (900, 3))), ("china", photos["china"])]
    found = list(objects(mixed, network, threshold=0.0))
    assert found[0].reason.startswith("it is 900 x 3, one side more than 50 times")
    assert found[1].key == "china"
    assert set(found[1].seen) <= set(COCO) - set(NO_OBJECTS)


def test_weights_and_random_ones_are_not_asked_for_together(tmp_path: Path) -> None:
    for given in ({"file": tmp_path / "a.pth"}, {"download": True}):
        with pytest.raises(ValueError, match="Random weights come from no file"):
            classifier_load(random_seed=1, **given)


def test_another_detector_is_refused() -> None:
    with pytest.raises(ValueError, match="'fcos'; choose from retinanet_resnet50_fpn, retinanet"):
        detector_load("fcos", random_seed=1)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_outside_is_refused(threshold: float) -> None:
    network = ContentNetwork("none", torch.nn.Identity(), COCO, None)
    with pytest.raises(ValueError, match=r"The threshold is .+; it must be from 0 to 1"):
        list(objects([], network, threshold=threshold))


def places(*names: str) -> torch.Tensor:
    return torch.tensor([COCO.index(name) for name in names])


def test_objects_are_counted_by_name_from_the_threshold_up() -> None:
    found = places("person", "car", "person", "dog", "person", "car")
    scores = torch.tensor([0.6, 0.9, 0.5, 0.499, 0.98, 0.3])
    counted = objects_count(found, scores, COCO)
    assert {label: seen.count for label, seen in counted.items()} == {"person": 3, "car": 1}
    assert counted["person"] == Seen(3, float(np.float32(0.98)))
    assert counted["car"] == Seen(1, float(np.float32(0.9)))
    assert list(objects_count(found, scores, COCO)) == ["person", "car"]
    assert objects_count(found, scores, COCO, 0.3)["car"].count == 2
    assert objects_count(found, scores, COCO, 0.0)["dog"].count == 1
    assert objects_count(found, scores, COCO, 0.99) == {}


def test_no_detections_are_no_objects() -> None:
    assert objects_count(torch.empty(0, dtype=torch.int64), torch.empty(0), COCO) == {}


def test_names_that_stand_for_no_object_are_left_out() -> None:
    found = torch.tensor([0, 12, 1])
    assert (COCO[0], COCO[12], COCO[1]) == ("__background__", "N/A", "person")
    assert list(objects_count(found, torch.tensor([0.9, 0.9, 0.9]), COCO)) == ["person"]


def authors(shared: Path, what: str) -> dict[str, int]:
    path = shared / "data" / "authors" / f"most_common_dataset_{what}.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return {label: int(count) for count, label in rows}


def test_our_classes_are_the_authors_998(shared: Path) -> None:
    theirs = authors(shared, "classes")
    ours = published_get("densenet121").labels
    assert (len(theirs), len(ours), len(set(ours))) == (998, 1000, 1000)
    # As they are spelled, hundreds differ; without underscores, two of ours are left over.
    assert len(set(theirs) - set(ours)) > 300
    assert set(ours) - {label.replace("_", " ") for label in theirs} == {
        "crane bird",
        "maillot tank suit",
    }
    assert {label_common(label) for label in ours} == {label_common(label) for label in theirs}
    assert len(counts_common(theirs)) == 998
    assert sum(counts_common(theirs).values()) == sum(theirs.values())


def test_our_objects_are_the_authors_80(shared: Path) -> None:
    theirs = authors(shared, "objects")
    ours = set(COCO) - set(NO_OBJECTS)
    assert len(theirs) == len(ours) == 80
    assert (set(theirs) - ours, ours - set(theirs)) == ({"hair dryer"}, {"hair drier"})
    assert {label_common(label) for label in ours} == {label_common(label) for label in theirs}
    assert counts_common(theirs) == theirs


def test_counts_of_one_thing_are_added_and_the_largest_comes_first() -> None:
    counts = {"crane": 2, "crane_bird": 3, "fur coat": 4, "fur_coat": 2, "Band_Aid": 5}
    assert list(counts_common(counts).items()) == [("fur coat", 6), ("Band Aid", 5), ("crane", 5)]
