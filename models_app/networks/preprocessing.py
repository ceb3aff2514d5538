"""How a photo becomes a network's input; Pillow and NumPy only (no Django, no torch).

It belongs to the weights: a network that learned from pixels between 0 and 1 judges nonsense when
it is shown pixels with ImageNet's mean taken off, without any error.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeAlias, cast, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models_app.networks.errors import PhotoUnusable, PreprocessingError

Mode = Literal["short_side", "pad_square", "stretch"]
Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos"]
Normalisation = Literal["none", "imagenet", "half", "own"]
Triple: TypeAlias = tuple[float, float, float]

SIDES = range(16, 2049)
"""Pixels that a side may have."""

MAX_RATIO = 50
"""A photo may be so many times as long as it is wide, as for the distortions."""

PLAIN: tuple[Triple, Triple] = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
IMAGENET: tuple[Triple, Triple] = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF: tuple[Triple, Triple] = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)

_FILTERS = {name: Image.Resampling[name.upper()] for name in get_args(Interpolation)}
# Rows of a long photo that stand on a square at a time.
_STRIP = 1024


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Resize, cut the middle out, scale to [0, 1], take `mean` off, divide by `std`.

    Attributes
    ----------
    resize
        Pixels: of the shorter side (`short_side`), or of each side (`pad_square`, `stretch`).
    crop
        Side of the square that is cut out of the middle; 0 where nothing is cut off.
    mode
        `short_side`: the shape stays, and what lies outside of the crop is not seen. `pad_square`:
        the whole photo on a black square. `stretch`: the whole photo, squeezed to a square.
    interpolation
        Pillow's filter of this name.
    mean, std
        Of red, green, blue on the scale [0, 1].

    Raises
    ------
    PreprocessingError
        Naming the field, its value and what is allowed.
    """

    resize: int
    crop: int = 0
    mode: Mode = "short_side"
    interpolation: Interpolation = "bilinear"
    mean: Triple = PLAIN[0]
    std: Triple = PLAIN[1]

    def __post_init__(self) -> None:
        _check_choice("mode", self.mode, get_args(Mode))
        _check_choice("interpolation", self.interpolation, get_args(Interpolation))
        _check_side("resize", self.resize)
        if self.crop != 0 or isinstance(self.crop, bool):
            _check_side("crop", self.crop, "0 (none) or ")
        if self.crop > self.resize:
            raise PreprocessingError(
                f"crop is {self.crop}, more than resize ({self.resize}) leaves: make it smaller."
            )
        if self.mode == "short_side" and self.crop == 0:
            raise PreprocessingError(
                "crop is 0, so photos of different shapes would stay different: give mode "
                "'short_side' a crop, or choose 'pad_square' or 'stretch'."
            )
        _check_triple("mean", self.mean, "from 0 to 1", lambda value: 0 <= value <= 1)
        _check_triple("std", self.std, "above 0, at most 1", lambda value: 0 < value <= 1)

    @property
    def side(self) -> int:
        """Height and width of the network's input, in pixels."""
        return self.crop or self.resize

    @property
    def normalisation(self) -> Normalisation:
        """Which well-known mean and standard deviation these are; `own` for any others."""
        known: dict[tuple[Triple, Triple], Normalisation]
        known = {PLAIN: "none", IMAGENET: "imagenet", HALF: "half"}
        return known.get((self.mean, self.std), "own")

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        found = asdict(self)
        return found | {"mean": list(self.mean), "std": list(self.std)}

    def describe(self) -> dict[str, Any]:
        """Return what a sentence for people needs: the fields, `side` and `normalisation`."""
        return self.to_json() | {"side": self.side, "normalisation": self.normalisation}

    @classmethod
    def from_json(cls, found: object) -> "Preprocessing":
        """Return the preprocessing that a decoded JSON object states.

        Raises
        ------
        PreprocessingError
            If it is no object, has an unknown field, no `resize`, or a value that is not allowed.
        """
        names = [field.name for field in fields(cls)]
        if not isinstance(found, Mapping):
            raise PreprocessingError(
                f"The preprocessing must be an object with the fields {', '.join(names)}."
            )
        unknown = [str(name) for name in found if name not in names]
        if unknown:
            raise PreprocessingError(
                f"The preprocessing has an unknown field {unknown[0][:60]!r}; "
                f"allowed are {', '.join(names)}."
            )
        if "resize" not in found:
            raise PreprocessingError("The preprocessing has no resize: say how many pixels.")
        values = dict(found)
        for name in ("mean", "std"):
            if isinstance(values.get(name), list):
                values[name] = tuple(values[name])
        return cls(**values)


def photo_to_input(photo: Image.Image, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """Return a photo as a network takes it.

    Parameters
    ----------
    photo
        Mode RGB, upright sRGB.

    Returns
    -------
    ndarray
        float32, shape [3, side, side], channels red, green, blue. The same digits as
        torchvision's Resize, CenterCrop, ToTensor, Normalize on the same Pillow.

    Raises
    ------
    PhotoUnusable
        If it is not RGB or more than `MAX_RATIO` times as long as wide.
    """
    photo_check(photo)
    picture = np.asarray(_cut(_resized(photo, preprocessing), preprocessing.crop))
    scaled = picture.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    mean, std = (
        np.array(triple, np.float32)[:, None, None]
        for triple in (preprocessing.mean, preprocessing.std)
    )
    return cast("NDArray[np.float32]", np.ascontiguousarray((scaled - mean) / std))


def photo_check(photo: Image.Image) -> None:
    """Refuse a photo that no network here takes.

    Raises
    ------
    PhotoUnusable
        If it is not RGB or more than `MAX_RATIO` times as long as wide.
    """
    if photo.mode != "RGB":
        raise PhotoUnusable(f"it has mode {photo.mode}: convert it to RGB first")
    if max(photo.size) > MAX_RATIO * min(photo.size):
        raise PhotoUnusable(
            f"it is {photo.width} x {photo.height}, one side more than {MAX_RATIO} times the "
            "other: cut it"
        )


def _resized(photo: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    side, how = preprocessing.resize, _FILTERS[preprocessing.interpolation]
    if preprocessing.mode == "stretch":
        return photo.resize((side, side), how)
    if preprocessing.mode == "pad_square":
        return _padded(photo, side, how)
    return photo.resize(_short_size(photo, side), how)


def _short_size(photo: Image.Image, side: int) -> tuple[int, int]:
    """Return width and height of the photo with a shorter side of `side`, truncated."""
    if photo.width <= photo.height:
        return side, int(side * photo.height / photo.width)
    return int(side * photo.width / photo.height), side


def _padded(photo: Image.Image, side: int, how: Image.Resampling) -> Image.Image:
    """Pad as `distortions.geometry.pad_square` does, without ever holding the whole square."""
    width, height = _short_size(photo, side)
    # Rows, then columns, each in a call of its own: in one Pillow 13 swaps them for some photos.
    small = photo.resize((width, photo.height), how).resize((width, height), how)
    long = max(width, height)
    tall = Image.new("RGB", (side, long))
    for top in range(0, height, _STRIP):
        rows = min(_STRIP, height - top)
        strip = Image.new("RGB", (long, rows))
        strip.paste(small.crop((0, top, width, top + rows)), ((long - width) // 2, 0))
        tall.paste(strip.resize((side, rows), how), (0, (long - height) // 2 + top))
    return tall.resize((side, side), how)


def _cut(picture: Image.Image, side: int) -> Image.Image:
    if side == 0:
        return picture
    # Half a pixel goes to the even place, as torchvision has it.
    left, top = round((picture.width - side) / 2), round((picture.height - side) / 2)
    return picture.crop((left, top, left + side, top + side))


def _check_choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise PreprocessingError(f"{name} is {value!r}; choose from {', '.join(allowed)}.")


def _check_side(name: str, value: object, also: str = "") -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value not in SIDES:
        raise PreprocessingError(
            f"{name} is {value!r}; it must be {also}a whole number of pixels "
            f"from {SIDES[0]} to {SIDES[-1]}."
        )


def _check_triple(name: str, values: object, range_text: str, is_allowed: Any) -> None:
    if not (
        isinstance(values, tuple)
        and len(values) == 3
        and all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
        and all(math.isfinite(v) and is_allowed(v) for v in values)
    ):
        raise PreprocessingError(
            f"{name} is {values!r}; it must be three numbers (red, green, blue), "
            f"each {range_text}, because pixels are scaled to 0..1."
        )
