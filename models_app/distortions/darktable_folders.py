"""The slow backend of the render program: style distortions through darktable itself."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from torch import Tensor

from models_app.distortions.darktable import photo_write, render
from models_app.distortions.engine import (
    NATIVE_SIGMA,
    display_sigma,
)
from models_app.distortions.folders import Outcome, Plan, photo_check, photo_note, picture_save
from models_app.distortions.geometry import GeometryError, pad_square, resize_short, short_size
from models_app.distortions.pictures import photo_to_tensor, tensor_to_image
from models_app.distortions.registry import distortion_get
from models_app.imaging import PhotoRefused, open_photo

# So many photos share a run of the program, whose start takes five times as long as a photo.
_PHOTOS = 32


def photos_render(plan: Plan, photos: Sequence[Path]) -> Iterator[Outcome]:
    """Render what is missing of some photos.

    Yields
    ------
    Outcome
        For each photo: itself, how many variants were made, and why it was refused.

    Raises
    ------
    DarktableError
        If the program is missing or fails.
    """
    for start in range(0, len(photos), _PHOTOS):
        with tempfile.TemporaryDirectory() as scratch:
            yield from _chunk_render(plan, photos[start : start + _PHOTOS], Path(scratch))


def _chunk_render(plan: Plan, photos: Sequence[Path], scratch: Path) -> Iterator[Outcome]:
    missing = {photo.stem: set(plan.missing(photo.stem)) for photo in photos}
    inputs: dict[float, dict[str, Path]] = defaultdict(dict)
    refused: dict[Path, str] = {}
    for photo in photos:
        if not missing[photo.stem]:
            continue
        try:
            base, sigma = _base(plan, photo)
        except (PhotoRefused, GeometryError) as reason:
            refused[photo] = str(reason)
            continue
        path = scratch / f"{photo.stem}.png"
        photo_write(tensor_to_image(base), path)
        inputs[sigma][photo.stem] = path
        if ("original", "") in missing[photo.stem]:
            picture_save(
                tensor_to_image(_fitted(plan, base)), plan.file(photo.stem, ("original", ""))
            )
    for sigma, files in inputs.items():
        _levels_render(plan, files, sigma, missing)
    for photo in photos:
        yield photo, 0 if photo in refused else len(missing[photo.stem]), refused.get(photo, "")


def _base(plan: Plan, photo: Path) -> tuple[Tensor, float]:
    """Return the picture that the program edits, uint8 [3, H, W], and its blur in pixels."""
    digest = photo_check(plan, photo)
    pixels = photo_to_tensor(open_photo(photo))
    if plan.geometry is not None:
        short_size(pixels.shape[1], pixels.shape[2], 1)
    photo_note(plan, photo, digest)
    if plan.geometry is None:
        return pixels, NATIVE_SIGMA
    if plan.geometry.order == "resize_first":
        pixels = resize_short(pixels, plan.geometry.side)
    return pixels, display_sigma(pixels.shape[2])


def _fitted(plan: Plan, picture: Tensor) -> Tensor:
    return picture if plan.geometry is None else pad_square(picture[None], plan.geometry.side)[0]


def _levels_render(
    plan: Plan, files: dict[str, Path], sigma: float, missing: dict[str, set[tuple[str, str]]]
) -> None:
    for key in dict.fromkeys(key for key, level in plan.variants if level):
        entry = distortion_get(key, preset=plan.preset)
        for level in entry.levels:
            variant = (key, level.key)
            wanted = {name: path for name, path in files.items() if variant in missing[name]}
            for name, _level, path in render(wanted, entry, [level], radius=sigma):
                picture = photo_to_tensor(open_photo(path))
                picture_save(tensor_to_image(_fitted(plan, picture)), plan.file(name, variant))
