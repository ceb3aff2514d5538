"""Rotation."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from models_app.distortions.geometry import centre_crop, resize, short_size
from models_app.distortions.ops.base import Scene, quantise, repeated

LARGEST = math.radians(10)
# Sixteen terms fall short of a whole number by less than the sums that ops.base.FLOOR is for.
_FLOOR = 2.0**-13
# Pixels of a window in work at once.
_PIXELS = {"cpu": 2**16, "cuda": 2**21}
# A table of the whole base takes 64 bytes a pixel; for a larger base it is made piece by piece.
_TABLE_PIXELS = 2**21


class Rotate:
    """Turned anticlockwise, and cut to what is left of the photo at the largest angle.

    Levels are degrees from -10 to 10; 0 is the picture that the others are ranked against: cut
    like them, so that the scale gives nothing away. Pfister et al. 2021, data set code; Pillow's
    bicubic interpolation.
    """

    def render(self, scene: Scene, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`; values in [-10, 10]."""
        base = scene.large
        windows = rotated_windows(base, values)
        size = short_size(windows.shape[2], windows.shape[3], min(scene.photo.shape[1:]))
        resized = resize(windows, size)
        return centre_crop(resized, (scene.photo.shape[1], scene.photo.shape[2])).contiguous()


def inner_rectangle(height: int, width: int) -> tuple[float, float]:
    """Height and width of the largest upright rectangle inside the photo at the largest angle."""
    if width < height:
        w, h = inner_rectangle(width, height)
        return h, w
    c, s = math.cos(LARGEST), math.sin(LARGEST)
    if height > 2 * s * c * width:
        spread = c * c - s * s
        return (height * c - width * s) / spread, (width * c - height * s) / spread
    return height / (2 * c), height / (2 * s)


def rotated_windows(base: Tensor, angles: Sequence[float]) -> Tensor:
    """Rotate a photo about its centre and cut the inner rectangle out.

    Parameters
    ----------
    base
        uint8, shape [3, H, W].
    angles
        N of them, in degrees, anticlockwise.

    Returns
    -------
    Tensor
        uint8, shape [N, 3, h, w].
    """
    height, width = base.shape[1:]
    inner_h, inner_w = inner_rectangle(height, width)
    rows, columns = max(1, round(inner_h)), max(1, round(inner_w))
    top, left = round((height - inner_h) / 2), round((width - inner_w) / 2)
    u = _from_centre(left, left + columns, width, base.device)
    small = height * width <= _TABLE_PIXELS
    whole = _Table(base, 0, height) if small else None
    windows = base.new_empty((len(angles), 3, rows, columns))
    chunk = max(1, _PIXELS.get(base.device.type, _PIXELS["cpu"]) // columns)
    for first in range(0, rows, chunk):
        last = min(first + chunk, rows)
        v = _from_centre(top + first, top + last, height, base.device)[:, None]
        for n, degrees in enumerate(angles):
            cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
            x = u * cosine - v * sine + (width / 2 - 0.5)
            y = u * sine + v * cosine + (height / 2 - 0.5)
            values = (whole or _Table.around(base, y)).read(x.flatten(), y.flatten())
            pixels = quantise(values, unit=1.0, rounding=_FLOOR)
            windows[n, :, first:last] = pixels.T.view(3, *x.shape)
    return windows


def _from_centre(start: int, stop: int, n: int, device: torch.device) -> Tensor:
    """Places of pixels start..stop-1 of n, measured from the middle: float64."""
    return torch.arange(start, stop, dtype=torch.float64, device=device) + (0.5 - n / 2)


class _Table:
    """Some rows of a photo, each pixel with its neighbours, so that one look-up gets four."""

    def __init__(self, base: Tensor, start: int, stop: int) -> None:
        self.start, self.rows = start, stop - start
        self.height, self.width = base.shape[1:]
        pixels = base[:, start:stop].permute(1, 2, 0).to(torch.float32)
        # One column more, for places left of the first pixel's middle.
        four = [
            pixels[:, repeated(step - 1, self.width + step, self.width, base.device)]
            for step in (-1, 0, 1, 2)
        ]
        # Three channels and an empty one, so that rows of the table start at whole cache lines.
        self.entries = torch.stack([functional.pad(p, (0, 1)) for p in four], dim=2).view(-1, 16)

    @classmethod
    def around(cls, base: Tensor, y: Tensor) -> "_Table":
        start, stop = int(y.min().floor()) - 1, int(y.max().floor()) + 3
        return cls(base, max(0, start), min(base.shape[1], stop))

    def read(self, x: Tensor, y: Tensor) -> Tensor:
        """Read between the pixels, the edge repeated; what is not on the photo is black.

        Parameters
        ----------
        x, y
            Places in pixels of the photo, a pixel's middle being a whole number: float64, [n].

        Returns
        -------
        Tensor
            float32, shape [n, 3].
        """
        on_it = (x >= -0.5) & (x < self.width - 0.5) & (y >= -0.5) & (y < self.height - 0.5)
        column, row = x.floor(), y.floor()
        across, down = _cubic((x - column).float()), _cubic((y - row).float())
        steps = torch.arange(-1 - self.start, 3 - self.start, device=x.device)
        lines = (row.to(torch.int64)[:, None] + steps).clamp_(0, self.rows - 1)
        first = column.to(torch.int64).clamp_(-1, self.width - 1) + 1
        places = (lines * (self.width + 1) + first[:, None]).to(torch.int32)
        mixed = functional.embedding_bag(
            places, self.entries, per_sample_weights=torch.stack(down, dim=1), mode="sum"
        )
        out = mixed[:, 0:3] * across[0][:, None]
        for tap in (1, 2, 3):
            out.addcmul_(mixed[:, 4 * tap : 4 * tap + 3], across[tap][:, None])
        return out.mul_(on_it[:, None])


def _cubic(d: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Weights of the four pixels at -1, 0, 1, 2 for a place d in [0, 1): a = -1."""
    d2 = d * d
    d3 = d2 * d
    return 2 * d2 - d - d3, 1 - 2 * d2 + d3, d + d2 - d3, d3 - d2
