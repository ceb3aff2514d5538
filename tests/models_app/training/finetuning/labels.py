"""Parts of the photos that lie inside packages, with labels that are made from them.

A part's label says how bright it is: something that a network can learn from a few dozen of them.
"""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from models_app.imaging import PhotoRefused
from models_app.training.data import Photos
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.tuning import Outcome, finetune
from tests.models_app.distortions.make_golden import demo_photo

NAMES = ("astronaut", "chelsea", "china", "coffee", "flower", "rocket")
SCORES = np.arange(1, 11)


@cache
def parts(columns: int = 4, rows: int = 3) -> dict[str, Image.Image]:
    """Return pieces of the photos by name: a grid of each."""
    found = {}
    for name in NAMES:
        photo = demo_photo(name)
        wide, high = photo.width // columns, photo.height // rows
        for place in range(columns * rows):
            left, top = place % columns * wide, place // columns * high
            found[f"{name}-{place}"] = photo.crop((left, top, left + wide, top + high)).resize(
                (48, 40)
            )
    return found


def judged(photo: Image.Image) -> np.ndarray:
    """Return the shares of the scores 1 to 10: the brighter, the higher."""
    mean = 1 + 9 * float(np.asarray(photo.convert("L")).mean()) / 255
    shares = np.exp(-((SCORES - mean) ** 2) / 4)
    return shares / shares.sum()


class BrightParts:
    """Labelled photos; those named as broken cannot be read."""

    def __init__(
        self, *, broken: Sequence[str] = (), labels: dict[str, Any] | None = None, few: int = 0
    ) -> None:
        self._photos = parts()
        self._names = list(self._photos)[:few] if few else list(self._photos)
        self._broken = frozenset(broken)
        self._labels = labels or {}
        self.opened: list[str] = []

    def __len__(self) -> int:
        return len(self._names)

    def name(self, index: int) -> str:
        return self._names[index]

    def key(self, index: int) -> str:
        return sha256(self._names[index].encode()).hexdigest()

    def open(self, index: int) -> Image.Image:
        name = self._names[index]
        self.opened.append(name)
        if name in self._broken:
            raise PhotoRefused("it is damaged")
        return self._photos[name]

    def distribution(self, index: int) -> Any:
        name = self._names[index]
        return self._labels[name] if name in self._labels else judged(self._photos[name])


class Brightness:
    """Any photos, labelled so."""

    def __init__(self, photos: Photos) -> None:
        self._photos = photos

    def __len__(self) -> int:
        return len(self._photos)

    def name(self, index: int) -> str:
        return self._photos.name(index)

    def key(self, index: int) -> str:
        return self._photos.key(index)

    def open(self, index: int) -> Image.Image:
        return self._photos.open(index)

    def distribution(self, index: int) -> np.ndarray:
        return judged(self.open(index))


def members(labelled: BrightParts, *, every: int = 4) -> dict[str, list[str]]:
    """Return every so many-th photo as validation, the others as training."""
    names = [labelled.name(index) for index in range(len(labelled))]
    validation = names[::every]
    return {"train": [name for name in names if name not in validation], "validation": validation}


def tiny(**options: Any) -> FinetuneConfig:
    """Return a configuration whose step takes a hundredth of a second."""
    return FinetuneConfig.from_json(
        {
            **{"width": 0.1, "weights": "random", "side": 32, "device": "cpu", "workers": 1},
            **{"batch": 8, "max_epochs": 3, "freeze_epochs": 1, "save_steps": 1, "cache": "memory"},
            **{"learning_rate": 2e-3, "head_learning_rate": 1e-2, "dropout": 0.2},
        }
        | options
    )


FEW = 22


def run(folder: Path, labelled: BrightParts | None = None, **options: Any) -> Outcome:
    """Fine-tune on a few photos."""
    more = {
        name: options.pop(name)
        for name in ("resume", "reports", "should_stop", "max_steps")
        if name in options
    }
    labelled = labelled or BrightParts(few=FEW)
    return finetune(tiny(**options), labelled, members(BrightParts(few=FEW)), folder, **more)
