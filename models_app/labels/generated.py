"""Drawn images for labels whose photos are not at hand: they prove the plumbing, nothing else.

What is drawn depends on the label alone, so that it is the same everywhere. The higher the score,
the sharper, the richer in contrast and the closer in hue a picture is; what it shows depends on the
reference where there is one, on the name otherwise. A network can learn that, and no more follows.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from models_app.labels.base import Row, Scale

SIDE = 96
# Scores of photos crowd in the middle of their scale: this much of it spans what can be seen.
_SPREAD = 0.06
_SHAPES = 9
Pixels = NDArray[np.float64]


def image_draw(row: Row, scale: Scale, *, side: int = SIDE) -> Image.Image:
    """Draw the image of a label, `side` pixels square.

    Copies of one reference show the same with another quality; no two are equal pixel by pixel.
    """
    quality = quality_of(row.mean, scale)
    subject = _rng(row.reference or row.name)
    own = _rng(row.name)
    drawn = _scene(subject, side, quality).filter(
        ImageFilter.GaussianBlur((1 - quality) * side / 16)
    )
    pixels = np.asarray(drawn, dtype=np.float64)
    middle = pixels.mean(axis=(0, 1))
    pixels = middle + (0.35 + 0.65 * quality) * (pixels - middle)
    # Grain of its own, and light that says nothing about the score.
    pixels = pixels * own.uniform(0.9, 1.1) + own.normal(0, 3, pixels.shape)
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def quality_of(mean: float, scale: Scale) -> float:
    """Return how good a picture looks, 0..1; it rises with the score, steeply in the middle."""
    share = (mean - scale.low) / (scale.high - scale.low)
    if not scale.higher_is_better:
        share = 1 - share
    return float(1 / (1 + np.exp(-(share - 0.5) / _SPREAD)))


def _scene(rng: np.random.Generator, side: int, quality: float) -> Image.Image:
    """Draw a gradient with waves and shapes on it; hues lie apart where the quality is low."""
    hue, spread = rng.uniform(), 0.06 + 0.5 * (1 - quality)
    base = _ground(rng, side, hue, spread)
    image = Image.fromarray(np.clip(base, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _shape in range(_SHAPES):
        x, y = rng.uniform(0, side), rng.uniform(0, side)
        size = rng.uniform(0.08, 0.35) * side
        colour = _colour(hue + spread * rng.uniform(-1, 1), rng.uniform(0.2, 0.95))
        box = (x - size / 2, y - size / 2, x + size / 2, y + size / 2)
        if rng.uniform() < 0.5:
            draw.ellipse(box, fill=colour)
        else:
            draw.rectangle(box, fill=colour)
    return image


def _ground(rng: np.random.Generator, side: int, hue: float, spread: float) -> Pixels:
    across = np.linspace(0, 1, side)
    x, y = np.meshgrid(across, across)
    light = np.full((side, side), 0.5)
    for _wave in range(5):
        turn, frequency, phase = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 4), rng.uniform(0, 7)
        way = np.cos(turn) * x + np.sin(turn) * y
        light += 0.12 * np.sin(2 * np.pi * frequency * way + phase)
    one, other = _colour(hue, 0.75), _colour(hue + spread, 0.35)
    mixed = light[..., None] * np.array(one) + (1 - light[..., None]) * np.array(other)
    return np.asarray(mixed)


def _colour(hue: float, light: float) -> tuple[int, int, int]:
    """Return a hue, in turns, as RGB."""
    turns = (hue + np.array([0, 1 / 3, 2 / 3])) * 2 * np.pi
    red, green, blue = 255 * light * (0.65 + 0.35 * np.cos(turns))
    return int(red), int(green), int(blue)


def _rng(name: str) -> np.random.Generator:
    digest = hashlib.sha256(name.lower().encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))
