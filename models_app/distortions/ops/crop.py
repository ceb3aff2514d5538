"""Crops: a window of the photo's size inside a picture one and a half times as large."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.geometry import window
from models_app.distortions.ops.base import Scene


class Crop(ABC):
    """A window that moves from the centre to the edge in five steps.

    Levels run from -5 to 5; 0 is the centred window that the others are ranked against. Pfister
    et al. 2021, data set code.
    """

    @abstractmethod
    def direction(self, value: float) -> tuple[float, float]:
        """Return how many steps the window moves to the right and upwards."""

    def render(self, scene: Scene, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`; values in -5..5.

        The rounding of odd margins can make the window a pixel narrower or wider than the photo,
        and then reach a pixel over the edge, where all is black; as in the reference.
        """
        height, width = scene.photo.shape[1:]
        left, right = _edges(scene.large.shape[2], width)
        top, bottom = _edges(scene.large.shape[1], height)
        size = bottom - top, right - left
        out = []
        for value in values:
            a, b = self.direction(value)
            dx, dy = round(0.2 * a * left), round(0.2 * b * top)
            out.append(window(scene.large[None], top - dy, left + dx, size))
        return torch.cat(out)


class HorizontalCrop(Crop):
    """Levels above 0 move the window to the right."""

    def direction(self, value: float) -> tuple[float, float]:
        """Follow `Crop.direction`."""
        return value, 0


class VerticalCrop(Crop):
    """Levels above 0 move the window upwards."""

    def direction(self, value: float) -> tuple[float, float]:
        """Follow `Crop.direction`."""
        return 0, value


class LeftDiagonalCrop(Crop):
    """Levels above 0 move the window to the top left, levels below 0 to the bottom left."""

    def direction(self, value: float) -> tuple[float, float]:
        """Follow `Crop.direction`."""
        return -abs(value), value


class RightDiagonalCrop(Crop):
    """Levels above 0 move the window to the top right, levels below 0 to the bottom right."""

    def direction(self, value: float) -> tuple[float, float]:
        """Follow `Crop.direction`."""
        return abs(value), value


def _edges(outer: int, inner: int) -> tuple[int, int]:
    """First place of a centred window and the place after its last, both rounded half to even."""
    return round(outer / 2 - inner / 2), round(outer / 2 + inner / 2)
