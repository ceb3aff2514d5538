"""Make the golden set: small pieces of demo photos, as the original programs rendered them.

Usage, from the repository's root: python -m tests.models_app.distortions.make_golden [OUT]

Writes one lossless WebP sheet a distortion. Style distortions (`SHEETS`) are rendered here, by
darktable-cli: a row a crop, first the crop itself, then its levels as the registry orders them. The
others (`WINDOWS`) are cut out of renders under $PROOFSHEET_SHARED/reference, which were made from
whole photos: a row a window, its levels as the registry orders them.
"""

import argparse
import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops

from models_app.distortions.catalogue import Entry, Variant
from models_app.distortions.darktable import photo_write, render
from models_app.distortions.registry import DISTORTIONS, PRESET, preset_get

GOLDEN = Path(__file__).parent / "golden"
SIZE = 64
# Photo, left, top: places with light, dark and saturated colour beside each other.
CROPS = {
    "astronaut": (80, 340),
    "chelsea": (150, 90),
    "coffee": (330, 150),
    "rocket": (290, 200),
    "china": (110, 60),
}
# The blur sees a whole crop, so shadows need dark crops and highlights bright ones.
SHEETS = {
    "brightness": ("rocket",),
    "contrast": ("coffee",),
    "saturation": ("astronaut",),
    "exposure": ("astronaut",),
    "shadows": ("chelsea", "rocket"),
    "highlights": ("coffee", "china"),
    "temperature": ("coffee",),
    "tint": ("china",),
    "vibrance": ("coffee",),
}


class Window(NamedTuple):
    """A square in the renders of a photo, which are 224 pixels wide and high."""

    photo: str
    left: int
    top: int
    size: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.left + self.size, self.top + self.size


# The middle of one photo, and a corner of the other with its black bar (from row 187 on).
LARGE = (Window("coffee", 100, 90, 64), Window("rocket", 0, 125, 64))
SMALL = (Window("coffee", 100, 90, 48), Window("rocket", 0, 141, 48))
REFERENCES = "references"
WINDOWS = {
    "jpeg_compression": LARGE,
    "defocus_blur": LARGE,
    "pixelate": LARGE,
    "rotate": SMALL,
    "hcrop": SMALL,
    "vcrop": SMALL,
    "leftcornerscrop": SMALL,
    "rightcornerscrop": SMALL,
    "ratio": SMALL,
    REFERENCES: LARGE,
}
# Drawn at random, so there are no pixels to compare.
RANDOM = ("motion_blur", "gaussian_noise", "impulse_noise")


def demo_photo(name: str) -> Image.Image:
    """Open a photo out of the scikit-image or scikit-learn package, importing neither."""
    for package, folder in (("skimage", "data"), ("sklearn", "datasets/images")):
        spec = find_spec(package)
        if spec and spec.origin:
            for path in (Path(spec.origin).parent / folder).glob(f"{name}.*"):
                return Image.open(path).convert("RGB")
    raise FileNotFoundError(f"No demo photo {name!r}; install scikit-image and scikit-learn.")


def crop(name: str) -> Image.Image:
    left, top = CROPS[name]
    cut = demo_photo(name).crop((left, top, left + SIZE, top + SIZE))
    # One photo carries a colour profile, which Pillow would write into the crop.
    cut.info.clear()
    return cut


def style_sheet(entry: Entry) -> Image.Image:
    names = SHEETS[entry.key]
    places = {level.key: place for place, level in enumerate(entry.levels, start=1)}
    out = Image.new("RGB", (SIZE * (1 + len(places)), SIZE * len(names)))
    with tempfile.TemporaryDirectory() as scratch:
        photos = {name: Path(scratch, f"{name}.png") for name in names}
        for row, (name, path) in enumerate(photos.items()):
            photo_write(crop(name), path)
            out.paste(crop(name), (0, SIZE * row))
        for name, level, path in render(photos, entry, entry.levels):
            with Image.open(path) as tile:
                out.paste(tile.convert("RGB"), (SIZE * places[level], SIZE * names.index(name)))
    return out


def window_variants(key: str) -> list[Variant]:
    """Name the tiles of a sheet of windows, from left to right."""
    if key == REFERENCES:
        return [(reference, "") for reference in preset_get(PRESET).references]
    return [(key, level.key) for level in DISTORTIONS[key].levels]


def window_sheet(key: str, renders: Path) -> Image.Image:
    variants, windows = window_variants(key), WINDOWS[key]
    size = windows[0].size
    out = Image.new("RGB", (size * len(variants), size * len(windows)))
    for row, window in enumerate(windows):
        for place, (name, level) in enumerate(variants):
            file = f"{name}/{level}.webp" if level else f"{name}.webp"
            with Image.open(renders / window.photo / file) as tile:
                out.paste(tile.convert("RGB").crop(window.box), (size * place, size * row))
    return out


def inputs_check(renders: Path) -> None:
    """Refuse renders of other photos than the ones that the test opens."""
    for name in sorted({window.photo for windows in WINDOWS.values() for window in windows}):
        with Image.open(renders / name / "input.webp") as image:
            other, photo = image.convert("RGB"), demo_photo(name)
            if other.size != photo.size or ImageChops.difference(other, photo).getbbox():
                sys.exit(f"{renders / name} holds renders of another photo than scikit-image has.")


def save(out: Image.Image, path: Path) -> None:
    out.save(path, lossless=True, quality=100, method=6)
    print(f"{path}: {path.stat().st_size} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?", type=Path, default=GOLDEN)
    target = parser.parse_args().target
    target.mkdir(parents=True, exist_ok=True)
    for key in SHEETS:
        save(style_sheet(DISTORTIONS[key]), target / f"{key}.webp")
    renders = Path(os.environ.get("PROOFSHEET_SHARED", ""), "reference", "technical_composition")
    if not renders.is_dir():
        sys.exit("PROOFSHEET_SHARED names no folder with renders: only the style sheets were made.")
    inputs_check(renders)
    for key in WINDOWS:
        save(window_sheet(key, renders), target / f"{key}.webp")


if __name__ == "__main__":
    main()
