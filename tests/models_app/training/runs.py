"""Small real trainings on the photos that lie inside packages."""

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from PIL import Image

from models_app.imaging import PhotoRefused
from models_app.networks.building import weights_hash
from models_app.training.checkpoint import state_read
from models_app.training.config import TrainConfig
from models_app.training.reports import Silent
from models_app.training.tensor_tree import tree_flatten
from tests.models_app.distortions.make_golden import demo_photo

NAMES = ("astronaut", "chelsea", "china", "coffee", "flower", "rocket")


class DemoPhotos:
    """A source of photos; those named as broken cannot be read."""

    def __init__(self, names: Sequence[str] = NAMES, *, broken: Sequence[str] = ()) -> None:
        self._names = tuple(names)
        self._broken = frozenset(broken)

    def __len__(self) -> int:
        return len(self._names)

    def name(self, index: int) -> str:
        return self._names[index]

    def key(self, index: int) -> str:
        return sha256(self._names[index].encode()).hexdigest()

    def open(self, index: int) -> Image.Image:
        if self._names[index] in self._broken:
            raise PhotoRefused("it is damaged")
        return demo_photo(self._names[index])


class Told(Silent):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.curves: dict[str, dict[int, float]] = {}
        self.lines: list[str] = []
        self.done: list[tuple[int, int]] = []

    def scalars(self, step, values):
        for name, value in values.items():
            self.curves.setdefault(name, {})[step] = value

    def progress(self, done, total):
        self.done.append((done, total))

    def log(self, text):
        self.lines.append(text)


def tiny(**options: Any) -> TrainConfig:
    """Return a configuration whose step takes a few hundredths of a second."""
    return TrainConfig.from_json(
        {
            "task": "ranking_regression",
            "distortions": "brightness,jpeg_compression,hcrop",
            "width": 0.1,
            "weights": "random",
            "side": 32,
            "photos_per_batch": 2,
            "epochs": 2,
            "warmup_steps": 1,
            "learning_rate": 1e-3,
            "validation_share": 0.34,
            "test_share": 0,
            "save_steps": 1,
            "device": "cpu",
            "decoders": 1,
        }
        | options
    )


def weights_of(folder: Path) -> str:
    """Return the hash of a state's weights and of all that going on needs.

    Of names and values: the order of a safetensors file's metadata is drawn.
    """
    state = state_read(folder)
    tensors, skeleton = tree_flatten(state.training)
    text = json.dumps(skeleton, sort_keys=True)
    hashes = (weights_hash(state.network), weights_hash(tensors), text)
    return sha256("".join(hashes).encode()).hexdigest()


def stop_after(steps: int) -> Callable[[], bool]:
    """Return what says stop when it is asked the given time."""
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked >= steps

    return stop


def photos_write(folder: Path, names: Sequence[str] = NAMES) -> Path:
    """Write the demo photos, small, as files: what the command line reads."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        photo = demo_photo(name)
        photo.thumbnail((160, 160))
        photo.save(folder / f"{name}.png")
    return folder
