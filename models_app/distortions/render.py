"""Render the variants of photos: for other code, and as a program for folders of photos.

Usage: python -m models_app.distortions.render INPUT_FOLDER OUTPUT_FOLDER --native-size
"""

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from models_app.distortions.ops.base import Band, Op, Shared, bands, photo_check, quantise
from models_app.distortions.registry import (
    Entry,
    Level,
    UnknownDistortionError,
    level_get,
    load,
    select,
)
from models_app.imaging import PhotoRefused, open_photo

NATIVE_SIGMA = 100.0
"""Blur of the edit files, in pixels of whatever size the photo has."""

SUFFIXES = (".jpeg", ".jpg", ".png", ".webp")


def display_sigma(width: int) -> float:
    """Blur in pixels for a photo shown at `width` pixels: the reference's 100 at 1000.

    Raises
    ------
    ValueError
        If the width is not positive.
    """
    if width <= 0:
        raise ValueError(f"The width is {width}; it must be a positive number of pixels.")
    return NATIVE_SIGMA * width / 1000


def photo_to_tensor(image: Image.Image) -> Tensor:
    """Return an RGB picture as uint8, shape [3, H, W], values 0..255.

    Raises
    ------
    ValueError
        If its mode is not RGB.
    """
    if image.mode != "RGB":
        raise ValueError(f"The picture has mode {image.mode}; convert it to RGB first.")
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def tensor_to_image(photo: Tensor) -> Image.Image:
    """Return uint8, shape [3, H, W], values 0..255, as an RGB picture.

    Raises
    ------
    ValueError
        If it has another type or shape.
    """
    photo_check(photo)
    return Image.fromarray(photo.permute(1, 2, 0).contiguous().cpu().numpy())


def render_variants(
    photo: Tensor, variants: Sequence[tuple[str, str]], *, sigma: float
) -> Iterator[tuple[str, str, Tensor]]:
    """Render one photo's variants, those of one distortion together.

    Work that variants share (Lab, blur) is done once. It and the finished variants of one
    distortion are kept in memory, about 100 bytes a pixel; the rest does not grow with the photo.

    Parameters
    ----------
    photo
        uint8 sRGB, channel order RGB, shape [3, H, W], on any device; not changed.
    variants
        Pairs of distortion key and level key, as the registry spells them.
    sigma
        Blur behind shadows and highlights in pixels: `NATIVE_SIGMA` or `display_sigma(width)`.

    Yields
    ------
    tuple[str, str, Tensor]
        Distortion key, level key, and the variant: uint8, shape [3, H, W], on the photo's device.

    Raises
    ------
    ValueError
        At the call: if the photo has another type or shape, sigma is not positive, or a
        distortion or level is unknown.
    """
    shared = Shared(photo, sigma=sigma)
    wanted: dict[str, list[Level]] = defaultdict(list)
    for key, level_key in variants:
        wanted[key].append(level_get(key, level_key))
    return _rendered(shared, wanted)


def _rendered(shared: Shared, wanted: dict[str, list[Level]]) -> Iterator[tuple[str, str, Tensor]]:
    for key, levels in wanted.items():
        edits = [level.value for level in levels if not level.identity]
        pictures = iter(_pictures(load(key), shared, edits) if edits else ())
        for level in levels:
            yield key, level.key, shared.photo.clone() if level.identity else next(pictures)


@torch.no_grad()
def _pictures(op: Op, shared: Shared, values: list[float]) -> list[Tensor]:
    pictures = [torch.empty_like(shared.photo) for _value in values]
    # The result must not depend on what precision the caller happens to train in.
    with torch.autocast(shared.photo.device.type, enabled=False):
        for rows in bands(shared.photo, variants=len(values)):
            parts = quantise(op.render(Band(shared, rows), values))
            for picture, part in zip(pictures, parts, strict=True):
                picture[:, rows] = part
    return pictures


class UsageError(Exception):
    """The command line asks for something that cannot be done; the text says what and why."""


def _photos_find(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(f"The input folder {folder} does not exist or is not a folder.")
    photos = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    if not photos:
        raise UsageError(f"The input folder {folder} holds no {', '.join(SUFFIXES)} file.")
    by_stem: dict[str, Path] = {}
    for photo in photos:
        other = by_stem.setdefault(photo.stem, photo)
        if other is not photo:
            raise UsageError(
                f"{other.name} and {photo.name} would be written to the same folder "
                f"{photo.stem}/; rename one of them."
            )
    return photos


def _device_pick(name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda was asked for, but torch finds no CUDA device here.")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def _save(image: Image.Image, path: Path) -> None:
    """Write a PNG so that the name never belongs to half a file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        image.save(temporary, format="PNG", compress_level=1)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _render_file(
    source: Path,
    target: Path,
    entries: Sequence[Entry],
    device: torch.device,
    done: Callable[[int], object],
) -> None:
    """Render what is missing of one photo; the photo is not even read when nothing is."""
    names = {
        (entry.key, level.key): target / entry.key / f"{level.key}.png"
        for entry in entries
        for level in entry.levels
    }
    missing = [variant for variant, path in names.items() if not path.exists()]
    if not missing:
        done(len(names))
        return
    photo = photo_to_tensor(open_photo(source)).to(device)
    done(len(names) - len(missing))
    for key, level_key, picture in render_variants(photo, missing, sigma=NATIVE_SIGMA):
        path = names[key, level_key]
        path.parent.mkdir(parents=True, exist_ok=True)
        _save(tensor_to_image(picture), path)
        done(1)


def _render_folder(args: argparse.Namespace) -> list[str]:
    """Render every photo of a folder and return a sentence for each that was refused."""
    if not args.native_size:
        raise UsageError(
            "Rendering in the network's geometry is not available yet; "
            "add --native-size to render each photo in its own size."
        )
    entries = select(args.distortions)
    photos = _photos_find(args.input)
    device = _device_pick(args.device)
    per_photo = sum(len(entry.levels) for entry in entries)
    refused: list[str] = []
    # disable=None: the bar is shown on a terminal only.
    with tqdm(total=per_photo * len(photos), unit="variant", disable=None) as progress:
        for photo in photos:
            try:
                _render_file(photo, args.output / photo.stem, entries, device, progress.update)
            except PhotoRefused as reason:
                refused.append(f"{photo.name} was not rendered: {reason}.")
                progress.update(per_photo)
    return refused


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models_app.distortions.render",
        description="Render every photo of a folder (JPEG, PNG, WebP) at every level of the "
        "chosen distortions, to OUTPUT_FOLDER/{photo}/{distortion}/{level}.png. "
        "Files that exist are kept, so that a stopped run can be taken up again.",
    )
    parser.add_argument("input", type=Path, metavar="INPUT_FOLDER")
    parser.add_argument("output", type=Path, metavar="OUTPUT_FOLDER")
    parser.add_argument(
        "--distortions",
        default="style",
        help="style, all, or keys such as contrast,tint (default: %(default)s)",
    )
    parser.add_argument(
        "--native-size",
        action="store_true",
        help="keep each photo's size; the blur of shadows and highlights is 100 pixels wide",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; 0 is success, 1 means some photos were refused, 2 wrong usage."""
    args = _parser().parse_args(argv)
    try:
        refused = _render_folder(args)
    except (UsageError, UnknownDistortionError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{error.filename or args.output}: {error.strerror or error}.\n")
        return 1
    for sentence in refused:
        sys.stderr.write(f"{sentence}\n")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
