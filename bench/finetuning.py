"""Fine-tuning beside the same network on random tensors.

Usage: python -m bench.finetuning [--device auto|cpu|cuda] [--side 224] [--width 1.0] [--batch N]
[--seconds S] [--rounds N] [--count N] [--photos FOLDER]

On two CPU cores at 224 pixels: --batch 8 --rounds 2 --seconds 2 --count 64, below three minutes.

The real loop of `models_app.training.finetuning`, from its cache of decoded photos, all layers
learning, runs in rounds, and its yardstick between them, so that what else the machine does hits
both alike; ratios are medians over the rounds.

(a) the same network forward and backward on random float tensors of the same shapes and precision:
    no photos, mirroring, loss, optimiser or statistics.
Beside them, over --count photos: how many a second are decoded into the cache, and features a
second of the frozen phase, in which epochs after the first take none.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import torch
from PIL import Image

from bench.machine import machine
from bench.training_photos import MANY, DemoPhotos, Repeated
from models_app.training.allocator import StepMemory, freed_memory_kept
from models_app.training.data import Photos
from models_app.training.devices import device_choose
from models_app.training.finetuning.assembly import assemble, begin, pictures_of
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.data import parts_make
from models_app.training.finetuning.loop import Tuning
from models_app.training.finetuning.position import Position
from models_app.training.finetuning.site import Site
from models_app.training.folder import FolderPhotos
from models_app.training.processes import Processes
from models_app.training.reports import Silent
from models_app.training.stopwatch import Stopwatch

GOAL = 0.9
"""Of the rate of (a), with the cache warm."""


class Judged:
    """Photos with labels that mean nothing: speed does not depend on them."""

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
        return np.eye(10)[index % 10]


class Running:
    """A fine-tuning of which parts are timed."""

    def __init__(
        self, config: FinetuneConfig, photos: Photos, folder: Path, memory: StepMemory
    ) -> None:
        labelled = Judged(photos)
        names = [labelled.name(index) for index in range(len(labelled))]
        parts = parts_make(labelled, {"train": names[8:], "validation": names[:8]}, config)
        self.device = device_choose(config.device)
        at = Site(
            labelled=labelled,
            parts=parts,
            folder=folder,
            reports=Silent(),
            processes=Processes(),
            device=self.device,
            saved=lambda path: None,
            should_stop=lambda: False,
            memory=memory,
        )
        self.config, self.begun = config, begin(config, at, None)
        began = perf_counter()
        self.pictures = pictures_of(config, at, self.begun)
        self.decoded = len(self.pictures.readable) / (perf_counter() - began)
        self.made: Tuning = assemble(config, at, self.begun, self.pictures)
        self.epoch = 0
        self.shares: Mapping[str, float] = {}

    def features(self) -> float:
        """Return photos a second whose features, and those of their mirror images, are made."""
        began = perf_counter()
        self.begun.position.kept = True
        self.made.features()
        return len(self.pictures.readable) * (1 + self.config.flips) / (perf_counter() - began)

    def real(self, seconds: float) -> float:
        """Return images a second of whole steps."""
        clock, done, position = Stopwatch(self.device), 0, Position(frozen=False)
        self._wait()
        began = perf_counter()
        while perf_counter() - began < seconds:
            for batch in self.made.feeding.epoch(self.epoch, 0, position.step, None):
                self.made.stepper.step(
                    batch, step=position.step, frozen=False, kept=False, clock=clock
                )
                position.step += 1
                done += batch.total
                if perf_counter() - began >= seconds:
                    break
            self.epoch += 1
        self._wait()
        return done / (perf_counter() - began)

    def bare(self, seconds: float) -> float:
        """Return images a second of the network alone, forward and backward."""
        network, side = self.begun.network, self.config.side
        network.phase(frozen=False)
        size = min(self.config.batch, len(self.made.feeding.rows))
        shown = torch.randn(size, 3, side, side, device=self.device)
        shown = shown.contiguous(memory_format=torch.channels_last)
        half = self.config.precision == "bf16" or (
            self.config.precision == "auto" and self.device.type == "cuda"
        )
        done = 0
        self._wait()
        began = perf_counter()
        while perf_counter() - began < seconds:
            network.zero_grad(set_to_none=True)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
                logits = network(shown)
            logits.float().sum().backward()
            done += size
            self._wait()
        return done / (perf_counter() - began)

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--batch", type=int, help="default: 450 on a GPU, 32 on a CPU")
    parser.add_argument("--seconds", type=float, default=5.0, help="at least, of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--count", type=int, help="demo photos, at least 16; default: 2048 on a GPU, 256 on a CPU"
    )
    parser.add_argument("--workers", type=int, help="default: 8 on a GPU, 2 on a CPU")
    parser.add_argument("--photos", type=Path, help="a folder, instead of the demo photos")
    return parser.parse_args()


def main() -> None:
    given = _parse()
    device = device_choose(given.device)
    cuda = device.type == "cuda"
    many = given.count or (MANY if cuda else 256)
    photos: Photos = FolderPhotos(given.photos) if given.photos else Repeated(DemoPhotos(), many)
    config = FinetuneConfig(
        weights="random",
        width=given.width,
        side=given.side,
        batch=given.batch or (450 if cuda else 32),
        workers=given.workers or (8 if cuda else 2),
        device=device.type,
    )
    print(f"{machine(device.type)}, {torch.get_num_threads()} threads")
    # As a fine-tuning has it, which the features of frozen layers are a part of.
    with TemporaryDirectory() as folder, StepMemory(device, print) as memory:
        running = Running(config, photos, Path(folder), memory)
        try:
            _table(running, given.seconds, given.rounds)
        finally:
            running.pictures.close()


def _table(running: Running, seconds: float, rounds: int) -> None:
    config = running.config
    print(
        f"\nDecoded into the cache: {running.decoded:.0f} photos/s ({config.workers} threads); "
        f"features of frozen layers: {running.features():.0f} images/s."
    )
    rates: dict[str, list[float]] = {"real": [], "bare": []}
    # What a fine-tuning on a CPU does by itself, for its yardstick too.
    with freed_memory_kept():
        running.real(seconds / 2)
        running.bare(seconds / 2)
        for _round in range(rounds):
            rates["real"].append(running.real(seconds))
            rates["bare"].append(running.bare(seconds))
    ratio = median(one / other for one, other in zip(rates["real"], rates["bare"], strict=True))
    print("\n| step | images/s | (a) | x (a) |")
    print("|---|---:|---:|---:|")
    cells = " | ".join(
        f"{median(found):.1f} ({min(found):.1f} to {max(found):.1f})" for found in rates.values()
    )
    name = f"{config.side} px, width {config.width:g}, batch {config.batch}"
    print(f"| {name} | {cells} | {ratio:.3f} |")
    print(f"\ngoal x (a) {GOAL} {'met' if ratio >= GOAL else 'missed'}")


if __name__ == "__main__":
    main()
