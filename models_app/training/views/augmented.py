"""Two random augmentations of a photo, after Chen et al. 2020 (SimCLR), appendix A."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.transforms import functional

from models_app.distortions.geometry import resize
from models_app.distortions.philox import Stream

STRENGTH = 1.0
"""Of the colour jitter; 1 is the paper's for ImageNet."""

AREA = (0.08, 1.0)
RATIO = (3 / 4, 4 / 3)
TRIES = 10
SIGMA = (0.1, 2.0)

_JITTER, _GREY, _FLIP, _BLUR = 0.8, 0.2, 0.5, 0.5


class Box(NamedTuple):
    """A part of a photo, in pixels."""

    top: int
    left: int
    height: int
    width: int


class Draws:
    """Uniform numbers of one view, one after the other: of photo, view and seed alone."""

    def __init__(self, key: str, view: int, seed: int) -> None:
        stream = Stream.keyed(key, "simclr", view, seed)
        numbers = stream.uniform(0, 16, torch.device("cpu")).T.flatten().tolist()
        self._numbers: Iterator[float] = iter(numbers)

    def between(self, low: float, high: float) -> float:
        """Draw a number."""
        return low + (high - low) * next(self._numbers)

    def happens(self, share: float) -> bool:
        """Draw whether something that happens in a share of cases happens now."""
        # Numbers lie in (0, 1].
        return next(self._numbers) <= share

    def below(self, count: int) -> int:
        """Draw a whole number from 0 to count - 1."""
        return min(int(next(self._numbers) * count), count - 1)


class Augmented:
    """Two views of a photo: part of it, perhaps mirrored, recoloured, grey, blurred.

    Parameters
    ----------
    side
        Of the square that networks see, in pixels.
    """

    count = 2

    def __init__(self, side: int) -> None:
        self._side = side

    @torch.no_grad()
    def make(self, photos: Sequence[Tensor], *, keys: Sequence[str], seed: int) -> Tensor:
        """Draw them; see `Views`."""
        # What is drawn must not depend on what precision the caller happens to train in.
        with torch.autocast(photos[0].device.type, enabled=False):
            views = [
                self._view(photo, Draws(key, view, seed))
                for photo, key in zip(photos, keys, strict=True)
                for view in range(self.count)
            ]
        return torch.stack(views).view(len(photos), self.count, 3, self._side, self._side)

    def _view(self, photo: Tensor, draws: Draws) -> Tensor:
        """Return uint8, shape [3, side, side]."""
        top, left, height, width = box_draw(photo.shape[-2], photo.shape[-1], draws)
        part = photo[None, :, top : top + height, left : left + width].contiguous()
        picture = resize(part, (self._side, self._side)) / 255
        if draws.happens(_FLIP):
            picture = picture.flip(-1)
        picture = _jittered(picture, draws)
        if draws.happens(_GREY):
            picture = functional.rgb_to_grayscale(picture, num_output_channels=3)
        if draws.happens(_BLUR):
            # A tenth of the side, and odd.
            kernel = self._side // 20 * 2 + 1
            picture = functional.gaussian_blur(picture, kernel, draws.between(*SIGMA))
        return (picture[0] * 255).round().clamp(0, 255).to(torch.uint8)


def box_draw(height: int, width: int, draws: Draws) -> Box:
    """Draw a part of a photo: a share of its area, uniform, and a ratio, uniform on a log scale.

    What does not fit is drawn again; after `TRIES` in vain it is the middle, as large as the
    nearest ratio allows.
    """
    for _try in range(TRIES):
        area = height * width * draws.between(*AREA)
        ratio = math.exp(draws.between(math.log(RATIO[0]), math.log(RATIO[1])))
        wide, high = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < wide <= width and 0 < high <= height:
            return Box(draws.below(height - high + 1), draws.below(width - wide + 1), high, wide)
    ratio = min(max(width / height, RATIO[0]), RATIO[1])
    wide, high = min(width, round(height * ratio)), min(height, round(width / ratio))
    return Box((height - high) // 2, (width - wide) // 2, high, wide)


def _jittered(picture: Tensor, draws: Draws) -> Tensor:
    """Change brightness, contrast, saturation and hue in random order, mostly."""
    if not draws.happens(_JITTER):
        return picture
    reach = 0.8 * STRENGTH
    changes = [
        (functional.adjust_brightness, draws.between(1 - reach, 1 + reach)),
        (functional.adjust_contrast, draws.between(1 - reach, 1 + reach)),
        (functional.adjust_saturation, draws.between(1 - reach, 1 + reach)),
        (functional.adjust_hue, draws.between(-0.2 * STRENGTH, 0.2 * STRENGTH)),
    ]
    while changes:
        change, amount = changes.pop(draws.below(len(changes)))
        picture = change(picture, amount)
    return picture
