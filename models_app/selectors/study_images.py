"""Which images a job would take now: reuse asks whether another job took the same."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from models_app.models import Label, LabelSplit, Photo
from models_app.studies.base import EVALUATE, FINETUNE, PRETRAIN

IMAGES = "images"
"""In Job.result: the digest of what was there when a study launched the job."""

LEARNT = ("train", "validation")
Rows = Iterable[tuple[str, str]]


class ImagesNow:
    """Digests of images that are there and not excluded; what is alike is read once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], str] = {}

    def digest(self, kind: str, config: Mapping[str, Any]) -> str:
        """Return the SHA-256 of what a job of a study would take; at most two queries.

        The same pixels under the same names in the same parts have the same digest, whatever
        happened in between.
        """
        key = _key(kind, config)
        if key not in self._known:
            self._known[key] = _hashed(_rows(kind, config))
        return self._known[key]


def _key(kind: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    named = {
        PRETRAIN: ("dataset",),
        FINETUNE: ("label_set", "split"),
        EVALUATE: ("label_set", "split", "part"),
    }[kind]
    return kind, *(str(config[name]) for name in named)


def _rows(kind: str, config: Mapping[str, Any]) -> Rows:
    if kind == PRETRAIN:
        photos = Photo.objects.filter(dataset__name=config["dataset"], excluded_at=None)
        # Content and side alone say what is learnt.
        return photos.order_by("pixel_sha256", "split").values_list("pixel_sha256", "split")
    labels = Label.objects.filter(
        label_set__name=config["label_set"], photo__isnull=False, photo__excluded_at=None
    )
    rows = labels.order_by("name").values_list("name", "photo__pixel_sha256")
    if not config["split"]:
        return rows
    parts = LEARNT if kind == FINETUNE else (config["part"],)
    sides = _sides(config["label_set"], config["split"], parts)
    return ((f"{sides[name]} {name}", pixels) for name, pixels in rows if name in sides)


def _sides(label_set: str, split: str, parts: Iterable[str]) -> dict[str, str]:
    """Return names of labels with the part of a split that they are in."""
    found = LabelSplit.objects.filter(label_set__name=label_set, name=split)
    members = found.values_list("members", flat=True).get()
    return {name: part for part in parts for name in members.get(part, [])}


def _hashed(rows: Rows) -> str:
    digest = sha256()
    for row in rows:
        # As Python writes it, no name looks like two.
        digest.update(f"{row!r}\n".encode())
    return digest.hexdigest()
