"""How close the variants come to renders of the original programs, distortion by distortion.

Usage: make parity, or python -m bench.parity [--write]

Needs the reference renders, in $PROOFSHEET_SHARED/reference. --write stores the figures that
pages show, in models_app/distortions/parity.json. Exit status 1 where a limit is passed.
"""

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from bench.machine import machine
from models_app.distortions.catalogue import Variant
from models_app.distortions.engine import (
    NATIVE_SIGMA,
    SIDE,
    render_family,
    render_variants,
)
from models_app.distortions.geometry import pad_square, resize_short
from models_app.distortions.ops.base import FLOOR, Band, Scene, quantise
from models_app.distortions.ops.motion import KERNELS, drawn_out
from models_app.distortions.parity import FILE, Parity
from models_app.distortions.pictures import photo_to_tensor
from models_app.distortions.registry import DISTORTIONS, PRESETS

LIMITS = {"style": 0.05, "technical": 0.15, "composition": 0.15}
NOISE = {"gaussian_noise", "impulse_noise"}
NOISE_LIMIT = 1.0
PRESET = PRESETS["pfister2021"]


@dataclass(slots=True)
class Tally:
    """Absolute errors of a distortion, counted by size."""

    pictures: int = 0
    counts: np.ndarray = field(default_factory=lambda: np.zeros(256, dtype=np.int64))

    def add(self, got: torch.Tensor, want: torch.Tensor) -> None:
        error = (got.int() - want.int()).abs().flatten()
        found = torch.bincount(error, minlength=256).numpy()
        self.counts = self.counts + found
        self.pictures += 1

    @property
    def mean(self) -> float:
        return float(self.counts @ np.arange(256) / self.counts.sum())

    @property
    def p99(self) -> int:
        return int(np.searchsorted(self.counts.cumsum(), 0.99 * self.counts.sum()))

    @property
    def largest(self) -> int:
        return int(self.counts.nonzero()[0].max())


def read(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        return photo_to_tensor(image.convert("RGB"))


def file(folder: Path, variant: Variant) -> Path:
    key, level = variant
    return folder / key / f"{level}.webp" if level else folder / f"{key}.webp"


def pairs(reference: Path) -> Iterator[tuple[Variant, torch.Tensor, torch.Tensor]]:
    """Each variant of each reference photo: ours, and the original program's."""
    for folder in sorted((reference / "style").iterdir()):
        photo = read(folder / "input.webp")
        style = [v for v in PRESET.variants if v[1] and DISTORTIONS[v[0]].aspect == "style"]
        for key, level, picture in render_variants(photo, style, sigma=NATIVE_SIGMA):
            yield (key, level), picture, read(file(folder, (key, level)))
    for folder in sorted((reference / "technical_composition").iterdir()):
        photo = read(folder / "input.webp")
        there = [v for v in PRESET.variants if file(folder, v).exists()]
        for variant in there:
            want = read(file(folder, variant))
            if variant[0] == "motion_blur":
                yield variant, best_angle(photo, int(variant[1]), want), want
            else:
                yield variant, render_family(photo, key=folder.name, variants=[variant])[0], want


def best_angle(photo: torch.Tensor, severity: int, want: torch.Tensor) -> torch.Tensor:
    """Our motion blur at the angle that the original drew, which only the picture tells."""
    small = resize_short(photo, SIDE)
    band = Band(Scene(small, sigma=1.0), slice(0, small.shape[1]))

    def blurred(angle: float) -> torch.Tensor:
        lines = drawn_out(band, *KERNELS[severity - 1], angle)
        return pad_square(quantise(lines, unit=1.0, rounding=FLOOR)[None], SIDE)[0]

    def error(angle: float) -> float:
        return float((blurred(angle).int() - want.int()).abs().sum())

    best = min(np.arange(-45, 46, 1.0), key=error)
    return blurred(min(np.arange(best - 1, best + 1.05, 0.1), key=error))


def measure(reference: Path) -> dict[str, tuple[Parity, int, float]]:
    """By distortion or reference: the figures, the 99th percentile, and the limit."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    noise: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (key, _level), got, want in pairs(reference):
        if key in NOISE:
            a, b = got.double(), want.double()
            noise[key].append((float(a.mean() - b.mean()), float(a.std() - b.std())))
        else:
            tallies[key].add(got, want)
    out = {}
    for key in [*PRESET.references, *DISTORTIONS]:
        if key in noise:
            off = np.abs(noise[key])
            parity = Parity("distribution of the original renders", len(off), float(off.max()), 0)
            out[key] = parity, 0, NOISE_LIMIT
            continue
        tally = tallies[key]
        against = (
            "original renders, their angle found" if key == "motion_blur" else "original renders"
        )
        limit = LIMITS[DISTORTIONS[key].aspect] if key in DISTORTIONS else 0.15
        parity = Parity(against, tally.pictures, round(tally.mean, 4), tally.largest)
        out[key] = parity, tally.p99, limit
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="store the figures that pages show")
    args = parser.parse_args()
    shared = os.environ.get("PROOFSHEET_SHARED")
    if not shared or not Path(shared, "reference").is_dir():
        print(
            "PROOFSHEET_SHARED names no folder with reference renders; "
            "make test compares with the golden set instead."
        )
        return 1
    found = measure(Path(shared, "reference"))
    print(f"{machine()}; errors in 8-bit levels\n")
    print("| distortion | against | pictures | mean | p99 | largest | limit |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for key, (parity, p99, limit) in found.items():
        more = ("", "") if key in NOISE else (p99, parity.largest)
        print(
            f"| {key} | {parity.against} | {parity.pictures} | {parity.mean:.4f} | {more[0]} | "
            f"{more[1]} | {limit} |"
        )
    if args.write:
        made = {"command": "make parity", "date": f"{datetime.now(UTC):%Y-%m-%d}", "on": machine()}
        rows = {key: asdict(parity) for key, (parity, _p99, _limit) in found.items()}
        FILE.write_text(json.dumps({"made": made, "distortions": rows}, indent=1) + "\n")
    return int(any(parity.mean > limit for parity, _p99, limit in found.values()))


if __name__ == "__main__":
    raise SystemExit(main())
