"""Sizes, resizing and padding as the reference does them with Pillow, on any device.

All resizing is Pillow's antialiased bilinear on 8-bit values: the rows first, rounded to 8 bits,
then the columns, rounded again. Photos are uint8, channel order RGB, shape [..., 3, H, W].
"""

from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

MAX_RATIO = 50
"""A photo may be so many times as long as it is wide; beyond it nothing is left to look at."""

PATCH_SIDE, PATCH_SHORT = 227, 256
"""Sheng et al. 2020: side of a patch, and the shorter side of the photo it is cut from."""

Filter = Literal["bilinear", "box"]

_PILLOW_BITS = 22
_PILLOW_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "box": Image.Resampling.BOX}


class GeometryError(ValueError):
    """A photo whose shape does not fit; the text is one sentence."""


def short_size(height: int, width: int, short: int) -> tuple[int, int]:
    """Return (height, width) so that the shorter side is `short` and the other is truncated.

    Raises
    ------
    GeometryError
        If the photo is more than `MAX_RATIO` times as long as wide.
    """
    if max(height, width) > MAX_RATIO * min(height, width):
        raise GeometryError(
            f"it is {width} x {height}, one side more than {MAX_RATIO} times the other: cut it"
        )
    if height <= width:
        return short, int(short * width / height)
    return int(short * height / width), short


def resize(photos: Tensor, size: tuple[int, int], how: Filter = "bilinear") -> Tensor:
    """Resize like Pillow, exactly.

    Parameters
    ----------
    photos
        uint8, shape [N, 3, H, W].
    size
        New height and width.
    how
        Pillow's filter of this name.

    Returns
    -------
    Tensor
        uint8, shape [N, 3, *size]; the same object where the size is right already.
    """
    if tuple(photos.shape[-2:]) == size:
        return photos
    if photos.device.type == "cpu":
        return torch.stack([_resized_by_pillow(photo, size, how) for photo in photos])
    return resized_by_matrices(photos, size, how)


def resize_short(photo: Tensor, short: int) -> Tensor:
    """Resize one photo, uint8 [3, H, W], so that its shorter side is `short`."""
    height, width = photo.shape[-2:]
    return resize(photo[None], short_size(height, width, short))[0]


def pad_square(pictures: Tensor, side: int) -> Tensor:
    """Resize to a short side of `side`, centre on a black square, resize that to `side`.

    Parameters
    ----------
    pictures
        uint8, shape [N, 3, H, W].

    Returns
    -------
    Tensor
        uint8, shape [N, 3, side, side].
    """
    height, width = short_size(pictures.shape[-2], pictures.shape[-1], side)
    pictures = resize(pictures, (height, width))
    long = max(height, width)
    if long == side:
        return pictures
    if pictures.device.type == "cpu" and _vectorised_is_exact(long, side):
        return _vectorised(_on_black(pictures, long, long), side)
    if width == long:
        # Rows that are black stay black, so the square itself is never needed.
        across = resize(pictures, (height, side))
        return resize(_on_black(across, long, side), (side, side))
    # One after the other, because the square of a long photo is large.
    squares = (_on_black(picture[None], long, long) for picture in pictures)
    return torch.cat([resize(square, (side, side)) for square in squares])


def _on_black(pictures: Tensor, height: int, width: int) -> Tensor:
    top, left = (height - pictures.shape[2]) // 2, (width - pictures.shape[3]) // 2
    out = pictures.new_zeros((*pictures.shape[:2], height, width))
    out[:, :, top : top + pictures.shape[2], left : left + pictures.shape[3]] = pictures
    return out


def _vectorised(squares: Tensor, side: int) -> Tensor:
    return functional.interpolate(squares, (side, side), mode="bilinear", antialias=True)


@lru_cache(maxsize=1024)
def _vectorised_is_exact(n_in: int, n_out: int) -> bool:
    """Whether PyTorch's filter, four times as fast, gives Pillow's digits at these sizes.

    Its weights have fewer bits. At 3:2, 3:1 and 2:1 they suffice; at 4:5 one value in twenty
    would be a level or two away. Long photos are not worth trying.
    """
    if n_in > 4 * n_out:
        return False
    probe = np.random.default_rng(0).integers(0, 256, (1, 3, n_in, n_in), dtype=np.uint8)
    square = torch.from_numpy(probe)
    return torch.equal(_vectorised(square, n_out), resized_by_matrices(square, (n_out, n_out)))


def window(pictures: Tensor, top: int, left: int, size: tuple[int, int]) -> Tensor:
    """Cut a window out; what lies outside of the picture is black, as Pillow has it.

    Parameters
    ----------
    pictures
        uint8, shape [N, 3, H, W].
    top, left
        First row and column of the window; they may be negative.
    size
        Its height and width.

    Returns
    -------
    Tensor
        uint8, shape [N, 3, *size]; a view where nothing lies outside.
    """
    bottom, right = top + size[0], left + size[1]
    margins = [-left, right - pictures.shape[-1], -top, bottom - pictures.shape[-2]]
    if max(margins) > 0:
        pictures = functional.pad(pictures, [max(0, margin) for margin in margins])
    top, left = max(0, top), max(0, left)
    return pictures[..., top : top + size[0], left : left + size[1]]


def centre_crop(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """Cut the middle out, offsets rounded half to even; see `window`."""
    height, width = pictures.shape[-2:]
    return window(pictures, round((height - size[0]) / 2), round((width - size[1]) / 2), size)


def patch_cut(photo: Tensor, side: int) -> Tensor:
    """Cut the patch of Sheng et al. out of the middle."""
    large = resize_short(photo, round(side * PATCH_SHORT / PATCH_SIDE))
    return centre_crop(large[None], (side, side))[0].contiguous()


def _resized_by_pillow(photo: Tensor, size: tuple[int, int], how: Filter) -> Tensor:
    image = Image.fromarray(photo.permute(1, 2, 0).contiguous().numpy())
    # Two calls, because in one Pillow 13 takes the columns of tall pictures first.
    resized = image.resize((size[1], image.height), _PILLOW_FILTERS[how])
    resized = resized.resize((size[1], size[0]), _PILLOW_FILTERS[how])
    return torch.from_numpy(np.array(resized)).permute(2, 0, 1).contiguous()


def resized_by_matrices(photos: Tensor, size: tuple[int, int], how: Filter = "bilinear") -> Tensor:
    """Resize for accelerators: their own filter takes no 8-bit values, keeps what Pillow rounds.

    Parameters and result are those of `resize`, to the last digit.
    """
    for axis in (-1, -2):
        if photos.shape[axis] != size[axis]:
            photos = _resized_along(photos, axis, size[axis], how)
    return photos


def _resized_along(photos: Tensor, axis: int, n_out: int, how: Filter) -> Tensor:
    matrix = pillow_matrix(photos.shape[axis], n_out, how, photos.device)
    moved = photos.movedim(axis, -1).to(torch.float64)
    # Whole numbers below 2^53: the sum is exact in any order, so this is Pillow's integer sum.
    total = (moved @ matrix.T).add_(2.0 ** (_PILLOW_BITS - 1))
    return total.div_(2.0**_PILLOW_BITS).floor_().clamp_(0, 255).to(torch.uint8).movedim(-1, axis)


@lru_cache(maxsize=64)
def pillow_matrix(n_in: int, n_out: int, how: Filter, device: torch.device) -> Tensor:
    """Pillow's fixed-point weights along one axis.

    Returns
    -------
    Tensor
        float64 whole numbers, shape [n_out, n_in], each row summing to about 2^22. Shared: do
        not change it.
    """
    scale = n_in / n_out
    stretch = max(scale, 1.0)
    reach = stretch if how == "bilinear" else 0.5 * stretch
    centre = (torch.arange(n_out, dtype=torch.float64)[:, None] + 0.5) * scale
    place = torch.arange(n_in, dtype=torch.float64)
    first, last = (centre - reach + 0.5).floor().clamp(min=0), (centre + reach + 0.5).floor()
    offset = (place - centre + 0.5) / stretch
    if how == "bilinear":
        weight = (1 - offset.abs()).clamp(min=0)
    else:
        weight = ((offset > -0.5) & (offset <= 0.5)).to(torch.float64)
    weight = weight * ((place >= first) & (place < last))
    weight /= weight.sum(1, keepdim=True)
    return (weight * 2.0**_PILLOW_BITS + 0.5).floor().to(device)
