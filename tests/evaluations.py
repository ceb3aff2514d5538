"""Label sets, splits and evaluations for tests: real photos, labels written by hand."""

import hashlib
import json
from typing import Any

from models_app.models import Checkpoint, Dataset, Evaluation, Job, Label, LabelSet, LabelSplit
from models_app.services.jobs import job_create

# Mean scores of the seven photos, in the order of their names.
MEANS = (6.1, 4.2, 5.4, 7.0, 3.3, 5.0, 6.6)


def shares(mean: float, bins: int = 10, first: int = 1) -> list[float]:
    """Return a distribution with this mean over two neighbouring bins."""
    low = min(int(mean) - first, bins - 2)
    upper = mean - first - low
    found = [0.0] * bins
    found[low], found[low + 1] = 1 - upper, upper
    return found


def label_set_make(dataset: Dataset, name: str = "labels", **values: Any) -> LabelSet:
    """A label a photo, on the scale from 1 to 10 with its distribution."""
    scale = {"scale_low": 1, "scale_high": 10, "bins": 10, "first_bin": 1}
    references = values.pop("references", None)
    label_set = LabelSet.objects.create(
        name=name, kind="generic", dataset=dataset, **scale | values
    )
    photos = list(dataset.photos.order_by("name"))
    for place, photo in enumerate(photos):
        share = (MEANS[place % len(MEANS)] - 1) / 9
        mean = label_set.scale_low + share * (label_set.scale_high - label_set.scale_low)
        bins = label_set.bins
        Label.objects.create(
            label_set=label_set,
            name=photo.name,
            photo=photo,
            mean=mean,
            sd=1.4,
            distribution=shares(mean, bins, label_set.first_bin) if bins else None,
            reference=references[place % len(references)] if references else "",
        )
    return label_set


def split_make(label_set: LabelSet, name: str = "split", *, test: int = 4) -> LabelSplit:
    """The last images test, one validates, the others train."""
    names = list(label_set.labels.order_by("name").values_list("name", flat=True))
    members = {
        "train": names[: -test - 1],
        "validation": names[-test - 1 : -test],
        "test": names[-test:],
    }
    return LabelSplit.objects.create(
        label_set=label_set,
        name=name,
        rule="random",
        members=members,
        counts={part: len(found) for part, found in members.items()},
        sha256=hashlib.sha256(json.dumps(members).encode()).hexdigest(),
    )


def evaluation_launch(checkpoint: Checkpoint, label_set: LabelSet, **options: Any) -> Job:
    config = {"checkpoint": checkpoint.name, "label_set": label_set.name, "device": "cpu",
              "resamples": 100}  # fmt: skip
    return job_create("evaluate", {**config, **options})


def evaluation_of(job: Job) -> Evaluation:
    return Evaluation.objects.select_related("label_set", "split", "checkpoint").get(job=job)
