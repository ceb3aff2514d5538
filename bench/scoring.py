"""How fast a folder is scored, beside the same network on random tensors in the same run.

Usage: python -m bench.scoring [--device auto|cpu|cuda] [--photos FOLDER] [--only NETWORK]
[--rounds N] [--count N]

On two CPU cores: --rounds 2 --count 32, below three minutes.

Photos are decoded, resized and scored as `manage.py score_photos` does it, with all cores and
random weights, which take as long as any. The yardstick is the bare network: batches that lie on
the device already. Rounds of both alternate, so that a busy machine slows both.
"""

import argparse
import os
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import torch

from bench.machine import machine
from models_app.datasets.demo import demo_photos
from models_app.imaging import SUFFIXES, open_photo
from models_app.networks.architectures import architecture_get
from models_app.networks.building import Network, network_random
from models_app.networks.folder_scoring import files_score
from models_app.networks.preprocessing import photo_to_input
from models_app.networks.scoring import distributions
from models_app.training.allocator import freed_memory_kept

NETWORKS = ("nima_mobilenet_v2", "nima_vgg16")
BATCH = {"cpu": 16, "cuda": 128}
# Photos of a round: enough to fill the pipeline, few enough for a slow network.
PHOTOS = {"cpu": 64, "cuda": 4096}
CORES = len(os.sched_getaffinity(0))


def rate(work: Callable[[], int], device: str) -> float:
    """Photos a second of some work that says how many it did."""
    start = time.perf_counter()
    done = work()
    if device == "cuda":
        torch.cuda.synchronize()
    return done / (time.perf_counter() - start)


def folder(network: Network, photos: list[Path], device: str, count: int) -> int:
    files = ((path.name, path) for path in islice(cycle(photos), count))
    batches = files_score(files, network, device=device, batch_size=BATCH[device], decoders=CORES)
    return sum(len(batch) for batch in batches)


def bare(network: Network, batch: torch.Tensor, device: str, count: int) -> int:
    rounds = max(1, count // len(batch))
    for _round in range(rounds):
        distributions(network.module, batch, device)
    return rounds * len(batch)


def decoding(network: Network, photos: list[Path]) -> float:
    """Photos a second that one core decodes and resizes."""
    start = time.perf_counter()
    for path in photos[:24]:
        photo_to_input(open_photo(path), network.preprocessing)
    return len(photos[:24]) / (time.perf_counter() - start)


def measure(key: str, photos: list[Path], device: str, rounds: int, count: int) -> None:
    network = network_random(key, seed=1)
    module = network.module.to(device).eval()
    side = architecture_get(key).preprocessing.side
    batch = torch.randn(BATCH[device], 3, side, side, device=device)
    distributions(module, batch, device)
    real, yardstick = [], []
    # What the scoring of a folder does by itself after its first batch, for its yardstick too.
    with freed_memory_kept():
        for _round in range(rounds):
            real.append(rate(lambda: folder(network, photos, device, count), device))
            yardstick.append(rate(lambda: bare(network, batch, device, count), device))
    shares = [one / other for one, other in zip(real, yardstick, strict=True)]
    alone = decoding(network, photos)
    print(
        f"| {key} | {median(real):.1f} | {median(yardstick):.1f} | {median(shares):.2f} "
        f"| {alone:.1f} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--photos", type=Path, help="default: those inside installed packages")
    parser.add_argument("--only", choices=NETWORKS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, help="photos a round; default: 4096 or 64 on a CPU")
    options = parser.parse_args()
    found = torch.cuda.is_available() and options.device != "cpu"
    device = "cuda" if found else "cpu"
    photos = list(demo_photos())
    if options.photos:
        paths = sorted(options.photos.rglob("*"))
        photos = [path for path in paths if path.suffix.lower() in SUFFIXES]
    print(machine(device), f"{CORES} decoders, batches of {BATCH[device]}, {len(photos)} photos")
    print("| network | photos/s | bare network | x bare | one core decodes |")
    print("|---|---:|---:|---:|---:|")
    for key in (options.only,) if options.only else NETWORKS:
        measure(key, photos, device, options.rounds, options.count or PHOTOS[device])


if __name__ == "__main__":
    main()
