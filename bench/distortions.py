"""How fast variants are rendered, beside darktable-cli on the same photos in the same run.

Usage: python -m bench.distortions [--device auto|cpu|cuda]

Each side is given all cores. Ours starts from decoded photos and ends with pixels in memory, in
the geometry that networks see; darktable-cli reads and writes PNG files of the photo's size.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch

from bench.machine import machine
from models_app.distortions import darktable, render
from models_app.distortions.engine import Geometry, render_batch, render_family
from models_app.distortions.pictures import photo_to_tensor
from models_app.distortions.registry import DISTORTIONS, distortion_get
from tests.models_app.distortions.make_golden import demo_photo

PHOTOS = ("coffee", "astronaut", "chelsea", "rocket", "china", "flower")
YARDSTICK = ("contrast", "shadows")
FOLDER = 36
CORES = os.cpu_count() or 1


def timed(work: Callable[[], object], repeats: int = 3, *, device: str = "cpu") -> float:
    """Seconds of the best of some runs, after one that does not count."""
    seconds = []
    for _repeat in range(repeats + 1):
        start = time.perf_counter()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


def program_runs(photos: dict[str, Path], levels: int) -> float:
    """Variants a second of darktable-cli, as many runs at once as there are cores.

    The first run of each core sets a configuration up and does not count.
    """

    def run(key: str) -> list[float]:
        entry = distortion_get(key)
        renders = darktable.render(photos, entry, entry.levels[: levels + 1])
        return [time.perf_counter() for _file in renders]

    with ThreadPoolExecutor(CORES) as pool:
        done = list(pool.map(run, [YARDSTICK[n % len(YARDSTICK)] for n in range(CORES)]))
    rates = [levels * len(photos) / (times[-1] - times[len(photos) - 1]) for times in done]
    return sum(rates)


def yardsticks() -> tuple[float, float] | None:
    """Variants a second of darktable-cli: a program run a variant, and a folder of photos a run."""
    if darktable.find() is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        many = {str(n): Path(scratch, f"{n}.png") for n in range(FOLDER)}
        for path in many.values():
            darktable.photo_write(demo_photo("coffee"), path)
        one = {"0": many["0"]}
        return program_runs(one, 7), program_runs(many, 3)


def single_threaded() -> None:
    torch.set_num_threads(1)


def family(name: str) -> None:
    photo = photo_to_tensor(demo_photo(name))
    render_family(photo, key=name)


def families_a_second(name: str, count: int) -> float:
    """Photos a second with all variants, a process with one thread on every core."""
    context = get_context("spawn")
    with ProcessPoolExecutor(CORES, mp_context=context, initializer=single_threaded) as pool:
        list(pool.map(family, [name] * 2 * CORES))
        start = time.perf_counter()
        list(pool.map(family, [name] * count))
        return count / (time.perf_counter() - start)


def distortion_table(photo: torch.Tensor, device: str, base: float | None) -> None:
    print("\n| distortion | variants | variants/s | x a run a variant |")
    print("|---|---:|---:|---:|")
    for key, entry in DISTORTIONS.items():
        wanted = [(key, level.key) for level in entry.levels]
        seconds = timed(lambda w=wanted: render_family(photo, key="", variants=w), device=device)
        rate = len(wanted) / seconds
        ratio = "" if base is None else f"{rate / base:.0f}"
        print(f"| {key} | {len(wanted)} | {rate:.0f} | {ratio} |")


def order_difference() -> None:
    """What the order of resizing and rendering changes, in 8-bit levels."""
    print("\nRender first, then resize, against resize first (mean absolute difference, levels):")
    for key, entry in DISTORTIONS.items():
        if entry.aspect != "style":
            continue
        wanted = [(key, level.key) for level in entry.levels]
        by_level = torch.zeros(len(wanted), dtype=torch.float64)
        for name in PHOTOS:
            photo = photo_to_tensor(demo_photo(name))
            one = render_family(photo, key="", variants=wanted).int()
            other = Geometry(order="render_first")
            two = render_family(photo, key="", variants=wanted, geometry=other).int()
            by_level += (one - two).abs().double().mean(dim=(1, 2, 3)) / len(PHOTOS)
        print(f"  {key:<12} mean {by_level.mean():.2f}, worst level {by_level.max():.2f}")


def memory(photos: int) -> None:
    """Print the peak of a fresh process that renders a batch; run as a program of its own."""
    torch.set_num_threads(1)
    loaded = [photo_to_tensor(demo_photo(PHOTOS[n % len(PHOTOS)])) for n in range(photos)]
    # In KiB; what importing torch took at its peak is more than a small batch does.
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024
    out = render_batch(loaded, keys=[str(n) for n in range(photos)])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{(peak - before) / 1024:.0f} {out.numel() / 2**20:.0f}")


def program_memory(photos: int) -> None:
    """Print the peak of a fresh process that renders a folder of photos to files."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "photos")
        folder.mkdir()
        for n in range(photos):
            demo_photo(PHOTOS[n % len(PHOTOS)]).save(folder / f"{n}.png", compress_level=1)
        status = render.main([str(folder), f"{scratch}/out", "--workers", "1"])
    print(status or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def memory_report() -> None:
    for photos in (6, 24):
        code = f"from bench.distortions import program_memory; program_memory({photos})"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        grown = done.stdout.strip()
        print(f"peak memory of the program, torch included, {photos} photos: {grown} MiB")
    for photos in (1, 8, 16):
        code = f"from bench.distortions import memory; memory({photos})"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        grown, out = done.stdout.split()
        print(f"peak memory of a batch of {photos}: {grown} MiB, {out} of them the result")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    device = parser.parse_args().device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    print(machine(device))
    picture = demo_photo("coffee")
    print(f"coffee, {picture.width} x {picture.height}, to 224 x 224")
    found = yardsticks()
    if found is None:
        print("yardstick: darktable-cli is not installed, so there are no ratios")
    else:
        print(f"darktable-cli, one run a variant, {CORES} at once: {found[0]:.2f} variants/s")
        folder = f"a folder of {FOLDER} photos a run"
        print(f"darktable-cli, {folder}, {CORES} at once: {found[1]:.2f} variants/s")
    if device == "cpu":
        how = f"all 171 and 3 references, {CORES} processes of one thread"
        rate = families_a_second("coffee", 12 * CORES) * 171
        print(f"{how}: {rate:.0f} variants/s")
        # 335 to 224 pixels is no ratio at which the fast filter is exact.
        other = families_a_second("rocket", 12 * CORES) * 171
        print(f"{how}, rocket (640 x 427): {other:.0f} variants/s")
        torch.set_num_threads(1)
    else:
        photos = [photo_to_tensor(demo_photo(name)).to(device) for name in PHOTOS]
        keys = list(PHOTOS)
        rate = 171 * len(keys) / timed(lambda: render_batch(photos, keys=keys), device=device)
        print(f"all 171 and 3 references, {len(keys)} photos a batch: {rate:.0f} variants/s")
    if found is not None:
        print(f"  x {rate / found[0]:.0f} a run a variant, x {rate / found[1]:.1f} a folder a run")
    distortion_table(photo_to_tensor(picture).to(device), device, found and found[0])
    order_difference()
    memory_report()


if __name__ == "__main__":
    main()
