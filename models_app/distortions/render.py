"""Render the variants of photos, as a program.

Usage: python -m models_app.distortions.render INPUT OUTPUT [--distortions all] [--native-size]
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice, repeat
from multiprocessing import get_context
from pathlib import Path
from typing import get_args

import torch
from tqdm import tqdm

from models_app.distortions.darktable import DarktableError, require
from models_app.distortions.darktable_folders import photos_render
from models_app.distortions.engine import SIDE, Geometry, Order
from models_app.distortions.folders import (
    Outcome,
    Plan,
    UsageError,
    output_claim,
    photo_try,
    photos_find,
    plan_variants,
)
from models_app.distortions.geometry import PATCH_SIDE
from models_app.distortions.registry import (
    PRESET,
    PRESETS,
    UnknownDistortionError,
    preset_get,
    select,
)
from models_app.imaging import FORMATS_TEXT


def _device_pick(name: str) -> str:
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda was asked for, but torch finds no CUDA device here.")
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name


def _geometry_pick(args: argparse.Namespace) -> Geometry | None:
    patch = preset_get(args.preset).geometry == "patch"
    if args.native_size and patch:
        raise UsageError(
            f"--native-size fits whole photos, and the preset {args.preset} works on square "
            "patches; leave it out."
        )
    if args.native_size:
        return None
    return Geometry(args.size or (PATCH_SIDE if patch else SIDE), args.order)


def _plan_make(args: argparse.Namespace) -> Plan:
    entries = select(args.distortions, preset=args.preset)
    if args.backend == "darktable":
        if any(entry.aspect != "style" for entry in entries):
            raise UsageError("darktable renders style distortions only; add --distortions style.")
        require()
    return Plan(
        args.output,
        plan_variants(args.preset, entries),
        args.preset,
        _geometry_pick(args),
        args.seed,
        args.backend,
        _device_pick(args.device),
    )


def _single_threaded() -> None:
    # Photos beside each other use the cores better than threads, which small pictures keep
    # waiting for each other.
    torch.set_num_threads(1)


def _all(plan: Plan, photos: Sequence[Path], workers: int) -> Iterator[Outcome]:
    """Render photos, several beside each other, and yield each when it is done."""
    if plan.backend == "darktable":
        yield from photos_render(plan, photos)
        return
    # Distortions that mix two photos take the next one of the folder.
    partners = [*photos[1:], *photos[:1]] if len(photos) > 1 else [None]
    if workers == 1:
        if plan.geometry is not None:
            _single_threaded()
        yield from map(photo_try, repeat(plan), photos, partners)
        return
    waiting = zip(photos, partners, strict=True)
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_single_threaded
    ) as pool:
        running = {pool.submit(photo_try, plan, *pair) for pair in islice(waiting, 2 * workers)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            running |= {pool.submit(photo_try, plan, *p) for p in islice(waiting, len(done))}
            yield from (future.result() for future in done)


def _render(args: argparse.Namespace) -> list[str]:
    """Render every photo and return a sentence for each that was refused."""
    plan = _plan_make(args)
    photos = photos_find(args.input)
    output_claim(plan)
    workers = args.workers or (1 if plan.device == "cuda" else os.cpu_count() or 1)
    refused: list[str] = []
    # disable=None: the bar is shown on a terminal only.
    total = len(plan.variants) * len(photos)
    with tqdm(total=total, unit="variant", disable=None) as progress:
        for photo, _made, reason in _all(plan, photos, min(workers, len(photos))):
            progress.update(len(plan.variants))
            if reason:
                refused.append(f"{photo.name} was not rendered: {reason}.")
    return refused


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models_app.distortions.render",
        description=f"Render a photo ({FORMATS_TEXT}), or every photo of a folder, at every level "
        "of the chosen distortions, to OUTPUT/{photo}/{distortion}/{level}.png, and beside them "
        "the undistorted references. Files that exist are kept, so that a stopped run can be "
        "taken up again.",
    )
    add = parser.add_argument
    add("input", type=Path, metavar="INPUT", help="a folder of photos, or one photo")
    add("output", type=Path, metavar="OUTPUT", help="folder of the renders")
    add(
        "--distortions",
        default="all",
        help="all, style, technical, composition, or keys such as contrast,tint "
        "(default: %(default)s)",
    )
    add("--preset", choices=tuple(PRESETS), default=PRESET, help="default: %(default)s")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--native-size",
        action="store_true",
        help="keep each photo's size; the blur of shadows and highlights is 100 pixels wide",
    )
    size.add_argument(
        "--size",
        type=_positive,
        help="side of the square that networks see (default: 224; 227 for patches)",
    )
    add(
        "--order",
        choices=get_args(Order),
        default="resize_first",
        help="of resizing and style distortions (default: %(default)s)",
    )
    add("--backend", choices=("torch", "darktable"), default="torch", help="default: %(default)s")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--seed", type=int, default=0, help="of what is drawn at random (default: %(default)s)")
    add(
        "--workers",
        type=_positive,
        help="photos beside each other (default: one a core, or 1 on a GPU)",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; 0 is success, 1 means some photos were refused, 2 wrong usage."""
    args = _parser().parse_args(argv)
    try:
        refused = _render(args)
    except (UsageError, UnknownDistortionError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except DarktableError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except BrokenProcessPool:
        sys.stderr.write(
            "A worker process died, perhaps for want of memory; try again with --workers 1.\n"
        )
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename or args.output}: {error.strerror or error}.\n")
        return 1
    for sentence in refused:
        sys.stderr.write(f"{sentence}\n")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
