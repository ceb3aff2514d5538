"""What every distortion's code agrees on.

Images: a photo comes in as uint8 sRGB, channel order RGB, shape [3, H, W], and variants come out
as uint8 of the same kind, shape [N, 3, h, w]. In between, ops work on float32 sRGB-encoded
values, nominally in [0, 1] (they may leave that range). Lab is CIE Lab with white D50, L in 0..100.

Ops never pick a device: what they make lies where the photo lies.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from models_app.distortions.geometry import resize_short
from models_app.distortions.ops.blur import gaussian_recursive
from models_app.distortions.ops.colour import decode_table, linear_to_lab
from models_app.distortions.philox import Stream
from models_app.distortions.pictures import photo_check

# Pixels times variants in work at once. On a CPU a band's planes should stay in its cache; on an
# accelerator a band should keep it busy, at about 60 bytes a pixel.
_BAND_PIXELS = {"cpu": 2**18, "cuda": 2**25}
ROUND = 0.5
# Sums of whole numbers may fall short of one by the rounding of float32.
FLOOR = 2.0**-12


class Op(Protocol):
    """One distortion, rendered at several levels at once."""

    def render(self, scene: "Scene", values: Sequence[float]) -> Tensor:
        """Render a photo at each level.

        Parameters
        ----------
        scene
            The photo and the work shared between variants; must not be changed.
        values
            The N levels, in the distortion's own unit.

        Returns
        -------
        Tensor
            uint8, shape [N, 3, h, w]; new memory, the caller's. h and w are the photo's, or for
            a composition those of the window.
        """
        ...


class Scene:
    """One photo and the work that all its variants share: done on first use, then kept.

    Parameters
    ----------
    photo
        uint8 sRGB, shape [3, H, W]: what is distorted. Kept, not copied, and never changed.
    sigma
        Width of the blur behind shadows and highlights, in pixels of this photo.
    key
        What this photo is called in the keys of random numbers.
    seed
        Seed of random numbers.
    source
        uint8 sRGB, shape [3, H', W']: the picture that `photo` was resized from; by default it
        was not.
    partner
        uint8 sRGB, shape [3, H, W]: the other photo, for distortions that mix two.

    Raises
    ------
    ValueError
        If a picture has another type or shape, or sigma is not positive.
    """

    def __init__(
        self,
        photo: Tensor,
        *,
        sigma: float,
        key: str = "",
        seed: int = 0,
        source: Tensor | None = None,
        partner: Tensor | None = None,
    ) -> None:
        """Check the photo; nothing is computed yet."""
        for picture in (photo, source, partner):
            if picture is not None:
                photo_check(picture)
        if not 0 < sigma < float("inf"):
            raise ValueError(f"sigma is {sigma}; it must be a positive number of pixels.")
        if partner is not None and partner.shape != photo.shape:
            raise ValueError(
                f"The partner has shape {tuple(partner.shape)}; it must have the photo's, "
                f"{tuple(photo.shape)}."
            )
        self.photo = photo
        self.sigma = sigma
        self.key = key
        self.seed = seed
        self.source = photo if source is None else source
        self.partner = partner

    def stream(self, distortion: str, value: float) -> Stream:
        """Return the random numbers of one variant."""
        return Stream.keyed(self.key, distortion, value, self.seed)

    @cached_property
    def large(self) -> Tensor:
        """The base of crops and rotations: uint8 [3, H', W'], shorter side 1.5 times as long."""
        return resize_short(self.source, int(1.5 * min(self.photo.shape[1:])))

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
    """Some rows of a photo. Most ops are local once the blur is known, so that a photo of any
    size can be rendered band by band.
    """

    scene: Scene
    rows: slice

    @property
    def photo(self) -> Tensor:
        """uint8, shape [3, h, W]."""
        return self.scene.photo[:, self.rows]

    @property
    def lab(self) -> Tensor:
        """CIE Lab D50, float32, shape [3, h, W]."""
        return self.scene.lab[:, self.rows]

    @property
    def lightness_blurred(self) -> Tensor:
        """Blurred L, 0..100, float32, shape [h, W]."""
        return self.scene.lightness_blurred[self.rows]


class BandOp(ABC):
    """An op that needs no more than some rows of a photo at a time."""

    unit = 255.0
    """8-bit levels in one unit of what `encoded` returns: 255 for 0..1, 1 for 0..255."""
    rounding = ROUND
    """What is added to 8-bit levels before the digits after the point are dropped."""

    @abstractmethod
    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Render some rows at each level.

        Parameters
        ----------
        band
            The rows and the work shared between variants; must not be changed.
        values
            The N levels, in the distortion's own unit.

        Returns
        -------
        Tensor
            float32 encoded sRGB in `unit`, shape [N, 3, h, W], not yet clipped; new memory, the
            caller's.
        """

    def render(self, scene: Scene, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`."""
        photo = scene.photo
        pictures = photo.new_empty((len(values), *photo.shape))
        for rows in bands(photo, variants=len(values)):
            encoded = self.encoded(Band(scene, rows), values)
            pictures[:, :, rows] = quantise(encoded, unit=self.unit, rounding=self.rounding)
        return pictures


def bands(photo: Tensor, *, variants: int) -> Iterator[slice]:
    """Cut a photo, shape [3, H, W], into runs of rows that `variants` fit into memory at once."""
    _channels, height, width = photo.shape
    budget = _BAND_PIXELS.get(photo.device.type, _BAND_PIXELS["cpu"])
    rows = max(1, budget // (width * variants))
    for start in range(0, height, rows):
        yield slice(start, min(start + rows, height))


def reflected(first: int, stop: int, n: int, device: torch.device) -> Tensor:
    """Places first..stop-1 along an axis of n pixels, mirrored at the edge pixels (reflect-101).

    Returns
    -------
    Tensor
        int64, shape [stop - first], values 0..n - 1.
    """
    period = max(2 * (n - 1), 1)
    place = torch.arange(first, stop, device=device) % period
    return torch.minimum(place, period - place) if n > 1 else torch.zeros_like(place)


def repeated(first: int, stop: int, n: int, device: torch.device) -> Tensor:
    """Places first..stop-1 along an axis of n pixels, the edge pixels going on for ever.

    Returns
    -------
    Tensor
        int64, shape [stop - first], values 0..n - 1.
    """
    return torch.arange(first, stop, device=device).clamp_(0, n - 1)


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
    codes = photo.to(torch.int32)
    out = table.new_empty((table.shape[0], *photo.shape))
    for channel in range(3):
        found = table[:, channel].index_select(1, codes[channel].flatten())
        out[:, channel] = found.view(-1, *photo.shape[1:])
    return out


def summing_type(device: torch.device) -> torch.dtype:
    """Number type for convolutions: float32, but float64 where float32 may be TF32.

    Accelerators round the factors of float32 convolutions to ten bits unless a global switch is
    turned, and that tips whole levels; their float64 is fast enough. On a CPU it is slow.
    """
    return torch.float32 if device.type == "cpu" else torch.float64


def column(values: Sequence[float], device: torch.device, ndim: int = 3) -> Tensor:
    """One float32 number a variant, shaped [N, 1, ...] so that it broadcasts over images."""
    flat = torch.tensor(values, dtype=torch.float32, device=device)
    return flat.view(-1, *[1] * (ndim - 1))


def quantise(encoded: Tensor, *, unit: float = 255.0, rounding: float = ROUND) -> Tensor:
    """Turn encoded sRGB into 8 bits: floor(unit * v + rounding), clipped to 0..255.

    Parameters
    ----------
    encoded
        float32, any range. Used up: its memory is overwritten.
    unit
        8-bit levels in one unit.
    rounding
        `ROUND`, `FLOOR`, or another fraction of a level.

    Returns
    -------
    Tensor
        uint8, same shape.
    """
    if unit != 1:
        encoded = encoded.mul_(unit)
    # Converting to uint8 truncates, which is floor here because nothing is negative any more.
    return encoded.add_(rounding).clamp_(0.0, 255.0).to(torch.uint8)
