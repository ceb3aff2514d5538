"""How fast variants are rendered, beside darktable-cli on the same photo in the same run.

Usage: python -m bench.distortions [--device auto|cpu|cuda]
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import torch
from PIL import Image

from models_app.distortions.registry import DISTORTIONS
from models_app.distortions.render import NATIVE_SIGMA, photo_to_tensor, render_variants

LONG_SIDE = 1024
YARDSTICK = (("contrast", 0.4), ("shadows", -60.0), ("temperature", 3000.0), ("vibrance", 60.0))
Variants = Sequence[tuple[str, str]]


def demo_photo() -> Image.Image:
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise SystemExit("The demo photo comes with scikit-image; install requirements.txt.")
    photo = Image.open(Path(spec.origin).parent / "data" / "coffee.png").convert("RGB")
    return photo.resize((LONG_SIDE, round(photo.height * LONG_SIDE / photo.width)))


def rate(photo: torch.Tensor, variants: Variants, repeats: int = 3) -> float:
    """Variants a second, the best of some runs; each decodes and blurs anew."""
    best = float("inf")
    for _repeat in range(repeats):
        start = time.perf_counter()
        for _variant in render_variants(photo, variants, sigma=NATIVE_SIGMA):
            pass
        if photo.is_cuda:
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
    return len(variants) / best


def yardstick(photo: Image.Image) -> float | None:
    """Variants a second of darktable-cli, one run a variant; None where it is not installed."""
    if shutil.which("darktable-cli") is None:
        return None
    # The edit files come from the maker of the golden set, so that both render the same thing.
    from tests.models_app.distortions.make_golden import darktable, xmp

    with tempfile.TemporaryDirectory() as scratch:
        source, sidecar = Path(scratch, "photo.png"), Path(scratch, "edit.xmp")
        photo.save(source)
        seconds = []
        # The first run sets its configuration up and does not count.
        for place, (key, value) in enumerate((YARDSTICK[0], *YARDSTICK)):
            sidecar.write_text(xmp(key, value), encoding="utf-8")
            start = time.perf_counter()
            darktable(source, sidecar, f"{scratch}/{place}.png", Path(scratch, "config"))
            seconds.append(time.perf_counter() - start)
    return len(YARDSTICK) / sum(seconds[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    name = parser.parse_args().device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    picture = demo_photo()
    photo = photo_to_tensor(picture).to(name)
    base = yardstick(picture)
    print(f"coffee, {picture.width} x {picture.height}, {name}, {torch.get_num_threads()} threads")
    if base is None:
        print("yardstick: darktable-cli is not installed, so there are no ratios")
    else:
        print(f"yardstick: darktable-cli, one run a variant, PNG to PNG: {base:.2f} variants/s")
    chosen = {key: [(key, lv.key) for lv in entry.levels] for key, entry in DISTORTIONS.items()}
    chosen["all"] = [variant for variants in chosen.values() for variant in variants]
    for key, variants in chosen.items():
        speed = rate(photo, variants)
        ratio = "" if base is None else f"  x {speed / base:.0f}"
        print(f"{key:<12} {len(variants):>3} variants {speed:8.1f} variants/s{ratio}")


if __name__ == "__main__":
    main()
