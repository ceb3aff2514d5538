"""The training step beside the same network on random tensors, and beside a forward a variant.

Usage: python -m bench.training [--device auto|cpu|cuda] [--side 224] [--width 1.0]
[--photos-per-batch N] [--seconds S] [--rounds N] [--only PART ...] [--photos FOLDER]

The real loop of `models_app.training` runs in rounds, and its yardsticks between them, so that
what else the machine does hits all alike; ratios are medians over the rounds.

(a) the same network forward and backward on random float tensors, same shapes, groups and way
    (what is computed twice is computed twice here too): no photos, rendering, losses, optimiser.
(b) the same whole step with a forward for each variant, as the released program computes it: the
    same loop with `bn_group` variant, so decoding, rendering and optimiser are in both.
(c) those forwards and the backward alone, on pictures that are rendered already, without an
    optimiser; where the real step caches gradients, of as many photos as all graphs fit of.
"""

import argparse
import gc
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch

from bench.distortions import timed
from bench.machine import machine
from bench.training_parts import Running
from bench.training_photos import DemoPhotos
from models_app.training.allocator import freed_memory_kept
from models_app.training.config import TrainConfig
from models_app.training.data import Photos
from models_app.training.devices import device_choose
from models_app.training.errors import MemoryShort
from models_app.training.folder import FolderPhotos
from models_app.training.losses.pairwise_ranking import pairwise_ranking
from models_app.training.pretext.chart import chart_build
from models_app.training.steps.choosing import way_fits
from models_app.training.steps.memory import memory_available

PAPER_IMAGES = 346e6
GOALS = {"cpu": (0.85, 1.0), "cuda": (0.9, 10.0)}
"""Of the rates of (a) and (b), at full size."""
SMALL = {"side": 64, "width": 0.25, "photos_per_batch": 4}
MEMORY_PHOTOS = 8
PARTS = ("batch", "photo", "small", "ways", "memory", "loss")


def config_make(device: torch.device, **options: object) -> TrainConfig:
    """Return a ranking whose layers all learn from the first step on."""
    fixed = {"weights": "random", "warmup_steps": 0, "epochs": 100_000, "device": device.type}
    return TrainConfig.from_json({**fixed, **options})


def told(rates: list[float]) -> str:
    return f"{median(rates):.1f} ({min(rates):.1f} to {max(rates):.1f})"


def ratio(ones: list[float], others: list[float]) -> float:
    """Return the median of the ratios of rounds."""
    return median(one / other for one, other in zip(ones, others, strict=True))


def case_row(
    name: str, running: Running, released: Running, seconds: float, rounds: int
) -> tuple[float, float, str]:
    """Measure one configuration, print its row; return its ratios to (a), (b), and how it ran."""
    pictures = running.pictures()
    photos, choice = running.choice_all_graphs(pictures)
    pictures = pictures[:photos].clone()
    rates: dict[str, list[float]] = {"real": [], "a": [], "b": [], "c": []}
    for _round in range(rounds):
        rates["real"].append(running.real(seconds))
        rates["a"].append(running.bare(seconds))
        rates["b"].append(released.real(seconds))
        rates["c"].append(running.a_forward_a_variant(seconds, pictures, choice))
    to_a, to_b, to_c = (ratio(rates["real"], rates[key]) for key in "abc")
    shares = " | ".join(f"{share:.1%}" for share in running.reports.shares.values())
    hours = PAPER_IMAGES / median(rates["real"]) / 3600
    print(
        f"| {name} | {told(rates['real'])} | {told(rates['a'])} | {to_a:.3f} "
        f"| {told(rates['b'])} | {to_b:.2f} | {told(rates['c'])} | {to_c:.2f} | {shares} "
        f"| {running.peak_mb:.0f} | {hours:.0f} |"
    )
    how = f"{running.choice.text}; (b): {released.choice.memory}; (c): {photos} photos"
    return to_a, to_b, how


def cases(configs: Mapping[str, TrainConfig], photos: Photos, seconds: float, rounds: int) -> None:
    print(
        "\n| step | images/s | (a) | x (a) | (b) | x (b) | (c) | x (c) | decode | render "
        "| forward | backward | other | peak MB | h for 346 M |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    reached = {}
    for name, config in configs.items():
        device = device_choose(config.device)
        try:
            running = Running(config, photos, device)
            released = Running(replace(config, bn_group="variant"), photos, device)
            reached[name] = case_row(name, running, released, seconds, rounds)
            del running, released
        except MemoryShort as error:
            print(f"| {name}: {error} |")
        release(device)
    goal_a, goal_b = GOALS[device.type]
    print()
    for name, (to_a, to_b, how) in reached.items():
        print(f"{name}: {how}")
        if configs[name].side < 224 or configs[name].width < 1:
            continue
        met = ["met" if done else "missed" for done in (to_a >= goal_a, to_b >= goal_b)]
        print(f"{name}: goals x (a) {goal_a} {met[0]}, x (b) {goal_b:g} {met[1]}")


def release(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def ways(base: TrainConfig, photos: Photos, seconds: float, rounds: int) -> None:
    """Print what computing twice costs, and what training all layers does, not compiled."""
    plain = replace(base, bn_group="photo", memory="plain", compile="off")
    wanted = {
        "all layers, plain": plain,
        "all layers, checkpoint": replace(plain, memory="checkpoint"),
        "all layers, cache": replace(plain, memory="cache"),
        "last block, plain": replace(plain, trainable="last_block"),
    }
    device = device_choose(base.device)
    runs = {}
    for name, config in wanted.items():
        try:
            runs[name] = Running(config, photos, device)
        except MemoryShort as error:
            print(f"\n{name}: {error}")
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for _round in range(rounds):
        for name, running in runs.items():
            rates[name].append(running.real(seconds))
            release(device)
    print(
        f"\nside {base.side}, width {base.width:g}, {base.photos_per_batch} photos, bn_group photo:"
    )
    print("\n| step | images/s | x plain | time on top | peak MB |")
    print("|---|---:|---:|---:|---:|")
    reference = rates.get("all layers, plain")
    for name, found in rates.items():
        beside = "| |" if reference is None else _beside(ratio(found, reference))
        print(f"| {name} | {told(found)} {beside} {runs[name].peak_mb:.0f} |")


def _beside(speed: float) -> str:
    return f"| {speed:.2f} | {1 / speed - 1:+.0%} |"


def memory_estimates(base: TrainConfig, photos: Photos) -> None:
    """Print the stepper's own estimates for 8 photos; nothing so large is computed here."""
    device = device_choose(base.device)
    print(f"\nMemory of a step of {MEMORY_PHOTOS} photos as the stepper estimates it:")
    print("\n| precision | plain | checkpoint | cache |")
    print("|---|---|---|---|")
    for precision in ("fp32", "bf16"):
        config = replace(base, bn_group="photo", precision=precision, photos_per_batch=1)
        running = Running(config, photos, device, begun=False)
        kept = running.kept(running.pictures())
        cells = []
        for memory in ("plain", "checkpoint", "cache"):
            _way, why = way_fits(
                replace(config, memory=memory),
                kept,
                pictures=MEMORY_PHOTOS * running.views,
                group=running.views,
                available=memory_available(device),
                strict=False,
            )
            cells.append(why)
        print(f"| {precision} | {' | '.join(cells)} |")
        del running
        release(device)


def ranking_loss(device: torch.device) -> None:
    """Print the vectorised hinge beside a plain double loop, forward and backward."""
    chart = chart_build(TrainConfig())
    pairs = torch.from_numpy(chart.pairs).to(device)
    generator = torch.Generator().manual_seed(1)
    scores = torch.rand(MEMORY_PHOTOS, len(chart.variants), 1, generator=generator).to(device)
    scores.requires_grad_()
    listed = chart.pairs.tolist()

    def vectorised() -> torch.Tensor:
        loss = pairwise_ranking(scores, pairs, margin=0.2)
        loss.backward()
        return loss.detach()

    def loop() -> torch.Tensor:
        total = scores.new_zeros(())
        for photo in scores:
            for less, more in listed:
                total = total + (photo[more, 0] - photo[less, 0] + 0.2).relu()
        loss = total / len(scores)
        loss.backward()
        return loss.detach()

    one, other = (timed(work, device=device.type) * 1000 for work in (vectorised, loop))
    difference = (vectorised() / loop() - 1).abs().item()
    print(
        f"\nRanking loss, {MEMORY_PHOTOS} photos, {len(listed)} pairs, forward and backward: "
        f"{one:.2f} ms vectorised, {other:.0f} ms as a double loop over photos and pairs "
        f"(x {other / one:.0f}); relative difference {difference:.0e}."
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--photos-per-batch", type=int, help="default: 8 on a GPU, 1 on a CPU")
    parser.add_argument("--seconds", type=float, default=3.0, help="at least, of each measurement")
    parser.add_argument("--rounds", type=int, help="default: 5 on a GPU, 2 on a CPU")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="some parts")
    parser.add_argument("--photos", type=Path, help="a folder, instead of the demo photos")
    return parser.parse_args()


def main() -> None:
    given = _parse()
    device = device_choose(given.device)
    cuda = device.type == "cuda"
    photos: Photos = FolderPhotos(given.photos) if given.photos else DemoPhotos()
    size = given.photos_per_batch or (8 if cuda else 1)
    rounds = given.rounds or (5 if cuda else 2)
    print(f"{machine(device.type)}, {torch.get_num_threads()} threads")
    options = {"side": given.side, "width": given.width, "photos_per_batch": size}
    # Threads that decode: a GPU eats more than two can.
    decoders = 8 if cuda else 2
    large = config_make(device, decoders=decoders, **options)
    small = config_make(device, decoders=decoders, **SMALL)
    # One photo is one group either way, so one row keeps everything and one computes twice.
    by_photo = "checkpoint" if size == 1 else "auto"
    named = f"{given.side} px, width {given.width:g}, photos {size}"
    rows = {
        "batch": (f"{named}, batch", large),
        "photo": (f"{named}, photo", replace(large, bn_group="photo", memory=by_photo)),
        "small": ("64 px, width 0.25, photos 4, batch (as found)", small),
    }
    wanted = dict(rows[part] for part in given.only if part in rows)
    # What a training on a CPU does by itself where there is room, for its yardsticks too.
    with freed_memory_kept():
        if wanted:
            cases(wanted, photos, given.seconds, rounds)
        if "ways" in given.only:
            # On a CPU at full size each of them takes a minute.
            ways(large if cuda else small, photos, given.seconds, rounds)
    if "memory" in given.only:
        memory_estimates(replace(large, side=224, width=1.0), photos)
    if "loss" in given.only:
        ranking_loss(device)


if __name__ == "__main__":
    main()
