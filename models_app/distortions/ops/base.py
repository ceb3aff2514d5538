"""What every distortion's code agrees on.

Images: a photo comes in as uint8 sRGB, channel order RGB, shape [3, H, W]. Ops work on float32
sRGB-encoded values, nominally in [0, 1] (they may leave that range), shape [..., 3, H, W], and
`quantise` alone turns them back into uint8. Lab is CIE Lab with white D50, L in 0..100.

Ops never pick a device: what they make lies where the photo lies.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from models_app.distortions.ops.blur import gaussian_recursive
from models_app.distortions.ops.colour import decode_table, linear_to_lab

# Pixels times variants in work at once. On a CPU a band's planes should stay in its cache; on an
# accelerator a band should keep it busy, at about 60 bytes a pixel.
_BAND_PIXELS = {"cpu": 2**18, "cuda": 2**25}


class Op(Protocol):
    """One distortion, rendered at several levels at once."""

    def render(self, band: "Band", values: Sequence[float]) -> Tensor:
        """Render some rows of a photo at each level.

        Parameters
        ----------
        band
            The rows and the work shared between variants; must not be changed.
        values
            The N levels, in the distortion's own unit.

        Returns
        -------
        Tensor
            float32 encoded sRGB, shape [N, 3, h, W], not yet clipped; new memory, the caller's.
        """
        ...


class Shared:
    """The work that all variants of one photo share: done on first use, then kept.

    Parameters
    ----------
    photo
        uint8 sRGB, shape [3, H, W]; kept, not copied, and never changed.
    sigma
        Width of the blur behind shadows and highlights, in pixels of this photo.

    Raises
    ------
    ValueError
        If the photo has another type or shape, or sigma is not positive.
    """

    def __init__(self, photo: Tensor, *, sigma: float) -> None:
        """Check the photo; nothing is computed yet."""
        photo_check(photo)
        if not 0 < sigma < float("inf"):
            raise ValueError(f"sigma is {sigma}; it must be a positive number of pixels.")
        self.photo = photo
        self.sigma = sigma

    @cached_property
    def lab(self) -> Tensor:
        """CIE Lab D50, float32, shape [3, H, W]."""
        table = decode_table([(1.0, 1.0, 1.0)], self.photo.device)
        lab = torch.empty(self.photo.shape, dtype=torch.float32, device=self.photo.device)
        for rows in bands(self.photo, variants=1):
            lab[:, rows] = linear_to_lab(look_up(table, self.photo[:, rows]))[0]
        return lab

    @cached_property
    def lightness_blurred(self) -> Tensor:
        """Blurred L, 0..100, float32, shape [H, W]."""
        return gaussian_recursive(self.lab[0], self.sigma)


@dataclass(frozen=True, slots=True)
class Band:
    """Some rows of a photo. Every op is local once the blur is known, so a photo of any size
    can be rendered band by band.
    """

    shared: Shared
    rows: slice

    @property
    def photo(self) -> Tensor:
        """uint8, shape [3, h, W]."""
        return self.shared.photo[:, self.rows]

    @property
    def lab(self) -> Tensor:
        """CIE Lab D50, float32, shape [3, h, W]."""
        return self.shared.lab[:, self.rows]

    @property
    def lightness_blurred(self) -> Tensor:
        """Blurred L, 0..100, float32, shape [h, W]."""
        return self.shared.lightness_blurred[self.rows]


def photo_check(photo: Tensor) -> None:
    """Refuse what is not a photo in the form stated at the top of this module.

    Raises
    ------
    ValueError
        Naming what was given and what is needed.
    """
    if photo.dtype != torch.uint8:
        raise ValueError(
            f"The photo is {photo.dtype}; it must be torch.uint8, 0..255, encoded sRGB."
        )
    if photo.ndim != 3 or photo.shape[0] != 3 or photo.numel() == 0:
        raise ValueError(
            f"The photo has shape {tuple(photo.shape)}; it must be [3, height, width], RGB, "
            "one photo at a time."
        )


def bands(photo: Tensor, *, variants: int) -> Iterator[slice]:
    """Cut a photo, shape [3, H, W], into runs of rows that `variants` fit into memory at once."""
    _channels, height, width = photo.shape
    budget = _BAND_PIXELS.get(photo.device.type, _BAND_PIXELS["cpu"])
    rows = max(1, budget // (width * variants))
    for start in range(0, height, rows):
        yield slice(start, min(start + rows, height))


def look_up(table: Tensor, photo: Tensor) -> Tensor:
    """Map 8-bit values through one table a variant and channel.

    Parameters
    ----------
    table
        float32, shape [N, 3, 256].
    photo
        uint8, shape [3, h, W].

    Returns
    -------
    Tensor
        float32, shape [N, 3, h, W].
    """
    codes = photo.to(torch.int64)
    return torch.stack([table[:, c][:, codes[c]] for c in range(3)], dim=1)


def column(values: Sequence[float], device: torch.device, ndim: int = 3) -> Tensor:
    """One float32 number a variant, shaped [N, 1, ...] so that it broadcasts over images."""
    flat = torch.tensor(values, dtype=torch.float32, device=device)
    return flat.view(-1, *[1] * (ndim - 1))


def quantise(encoded: Tensor) -> Tensor:
    """Turn encoded sRGB into 8 bits: min(255, floor(255 * max(v, 0) + 0.5)).

    Parameters
    ----------
    encoded
        float32, any range. Used up: its memory is overwritten.

    Returns
    -------
    Tensor
        uint8, same shape.
    """
    # Converting to uint8 truncates, which is floor here because nothing is negative any more.
    return encoded.mul_(255.0).clamp_(0.0, 255.0).add_(0.5).to(torch.uint8)
