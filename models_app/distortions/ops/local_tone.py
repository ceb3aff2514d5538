"""Shadows and highlights (darktable 4.2.1 module shadhi, version 5, Gaussian, all unbounded).

Settings of the edit files: compress 50, shadows colour 100, highlights colour 50, white point 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models_app.distortions.ops.base import Band, column
from models_app.distortions.ops.colour import lab_to_encoded

_COMPRESS = 0.5
_LOWEST = 1e-6
_SHADOWS_COLOUR = 1.0
_HIGHLIGHTS_COLOUR = 0.5


@dataclass(slots=True)
class Tone:
    """Lightness l = L / 100 and the factor on chroma so far, both float32 [N, h, W]."""

    lightness: Tensor
    chroma: Tensor

    def repeated(self, count: int) -> "Tone":
        """Return copies of a single variant, one for each of `count` levels."""
        return Tone(self.lightness.repeat(count, 1, 1), self.chroma.repeat(count, 1, 1))


def tone_start(band: Band) -> Tone:
    """Return the unedited rows as one variant."""
    lightness = band.lab[:1] / 100
    return Tone(lightness, torch.ones_like(lightness))


def tone_encode(band: Band, tone: Tone) -> Tensor:
    """Return encoded sRGB, float32 [N, 3, h, W], not clipped."""
    lightness = tone.lightness * 100
    return lab_to_encoded(lightness, band.lab[1] * tone.chroma, band.lab[2] * tone.chroma)


def highlights_apply(band: Band, tone: Tone, levels: Sequence[float]) -> Tone:
    """Edit the highlights of N variants, or of one variant N times; levels in -100..100."""
    surround = 1 - band.lightness_blurred / 100
    where = (1 - surround / (1 - _COMPRESS)).clamp_(0, 1)

    def colour(sign: float) -> float:
        return 1 - ((_HIGHLIGHTS_COLOUR - 0.5) * -sign + 0.5)

    return _edit(tone, levels, lambda sign: _Stage(surround, where, -sign, colour(sign)))


def shadows_apply(band: Band, tone: Tone, levels: Sequence[float]) -> Tone:
    """Edit the shadows of N variants, or of one variant N times; levels in -100..100."""
    surround = 1 - band.lightness_blurred / 100
    where = (surround / (1 - _COMPRESS) - _COMPRESS / (1 - _COMPRESS)).clamp_(0, 1)

    def colour(sign: float) -> float:
        return (_SHADOWS_COLOUR - 0.5) * sign + 0.5

    return _edit(tone, levels, lambda sign: _Stage(surround, where, sign, colour(sign)))


@dataclass(frozen=True, slots=True)
class _Stage:
    surround: Tensor
    """Inverted blurred lightness, [h, W]."""
    where: Tensor
    """How far each pixel takes part, 0..1, [h, W]."""
    direction: float
    """1 to blend with the inverted surround, -1 with its complement."""
    colour: float
    """Which chroma correction counts: 1 the lightness ratio, 0 the ratio of the complements."""


def _edit(tone: Tone, levels: Sequence[float], stage_of: Callable[[float], _Stage]) -> Tone:
    """Apply one stage to every level, those of one sign together.

    The amount 2 * level / 100 is spent in passes of at most 1 out of its square. Sorted by
    strength, the variants that still have passes to come stay a contiguous head of the batch.
    """
    amounts = [2 * min(max(level / 100, -1.0), 1.0) for level in levels]
    if tone.lightness.shape[0] == 1 and len(amounts) > 1:
        tone = tone.repeated(len(amounts))
    for sign in (-1.0, 1.0):
        chosen = [n for n, amount in enumerate(amounts) if (amount < 0) == (sign < 0)]
        chosen.sort(key=lambda n: -abs(amounts[n]))
        if not chosen:
            continue
        picked = torch.tensor(chosen, device=tone.lightness.device)
        part = Tone(tone.lightness[picked], tone.chroma[picked])
        _passes(part, [amounts[n] ** 2 for n in chosen], stage_of(sign))
        tone.lightness[picked], tone.chroma[picked] = part.lightness, part.chroma
    return tone


def _passes(tone: Tone, rests: list[float], stage: _Stage) -> None:
    """Spend the rests, strongest first, in place."""
    while rests := [rest for rest in rests if rest > 0]:
        head = slice(0, len(rests))
        share = column([min(rest, 1.0) for rest in rests], stage.where.device)
        _blend(tone.lightness[head], tone.chroma[head], share * stage.where, stage)
        rests = [rest - 1 for rest in rests]


def _blend(lightness: Tensor, chroma: Tensor, opacity: Tensor, stage: _Stage) -> None:
    """One overlay pass, in place: lightness, and chroma by how lightness changed."""
    over = (stage.surround - 0.5) * stage.direction
    lower = torch.where(lightness > 1, 0.5 - over, 0.5 + over)
    blended = torch.where(
        lightness > 0.5,
        1 - (1 - 2 * (lightness - 0.5)) * (1 - lower),
        2 * lightness * lower,
    )
    new = blended.sub_(lightness).mul_(opacity).add_(lightness)
    ratio = torch.zeros_like(new)
    if stage.colour > 0:
        ratio += new * _inverse(lightness) * stage.colour
    if stage.colour < 1:
        ratio += (1 - new) * _inverse(1 - lightness) * (1 - stage.colour)
    chroma.mul_(ratio.sub_(1).mul_(opacity).add_(1))
    lightness.copy_(new)


def _inverse(x: Tensor) -> Tensor:
    """1 / x, kept finite around zero."""
    return torch.where(x < 0, -1.0, 1.0) / x.abs().clamp_(min=_LOWEST)
