"""Composition for tests: the reference's levels, and renders of one distortion."""

from collections.abc import Sequence

import torch
from PIL import Image

from models_app.distortions.ops.base import Scene
from models_app.distortions.registry import DISTORTIONS, load

BILINEAR = Image.Resampling.BILINEAR
STEPS = [k for k in range(-5, 6) if k]
ANGLES = [2 * k for k in STEPS]
MOVES = {
    "hcrop": lambda k: (k, 0),
    "vcrop": lambda k: (0, k),
    "leftcornerscrop": lambda k: (-abs(k), k),
    "rightcornerscrop": lambda k: (abs(k), k),
}


def tensor(image: Image.Image) -> torch.Tensor:
    flat = torch.frombuffer(bytearray(image.convert("RGB").tobytes()), dtype=torch.uint8)
    return flat.view(image.height, image.width, 3).permute(2, 0, 1).contiguous()


def resized(image: Image.Image, width: int, height: int) -> Image.Image:
    """Rows first, then columns, whatever the version of Pillow."""
    return image.resize((width, image.height), BILINEAR).resize((width, height), BILINEAR)


def short(image: Image.Image, side: int) -> Image.Image:
    width, height = image.size
    if width < height:
        return resized(image, side, int(side * height / width))
    return resized(image, int(side * width / height), side)


def render(key: str, ours: Scene, values: Sequence[float]) -> torch.Tensor:
    rendered: torch.Tensor = load(DISTORTIONS[key]).render(ours, values)
    assert rendered.dtype == torch.uint8
    return rendered
