"""sRGB, XYZ and Lab as darktable 4.2.1 computes them (input profile, output profile).

Constants: sRGB primaries, Bradford-adapted to D50 (0.9642, 1, 0.8249).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

_WHITE = (0.9642, 1.0, 0.8249)
_RGB_TO_XYZ = (
    (0.43604112, 0.38511334, 0.14304553),
    (0.22248445, 0.71690540, 0.06061015),
    (0.01392029, 0.09706775, 0.71391195),
)
_XYZ_TO_RGB = (
    (3.13418796, -1.61721066, -0.49069386),
    (-0.97874818, 1.91612961, 0.03343362),
    (0.07196415, -0.22899511, 1.40575497),
)
_EPSILON = 216 / 24389
_KAPPA = 24389 / 27
_CUBE_ROOT_EPSILON = 6 / 29
# Above 1 darktable goes on with a power fitted to the curve at 0.7, 0.8 and 0.9.
_OVER_RANGE_EXPONENT = 2.260159
_CUBE_ROOT_SEED = 709921077


def srgb_decode(encoded: Tensor) -> Tensor:
    """Encoded sRGB to linear light, with darktable's continuation above 1.

    Parameters
    ----------
    encoded
        float64 or float32, any shape; below 0 counts as 0.

    Returns
    -------
    Tensor
        Linear light, same shape and type.
    """
    v = encoded.clamp(min=0)
    curve = ((v + 0.055) / 1.055) ** 2.4
    low = torch.where(v <= 0.04045, v / 12.92, curve)
    return torch.where(v < 1, low, v**_OVER_RANGE_EXPONENT)


def decode_table(gains: Sequence[tuple[float, float, float]], device: torch.device) -> Tensor:
    """Linear light of every 8-bit value after a gain on the encoded value.

    Parameters
    ----------
    gains
        One factor a channel (R, G, B) for each of N variants.
    device
        Where the table shall lie.

    Returns
    -------
    Tensor
        float32, shape [N, 3, 256].
    """
    codes = torch.arange(256, dtype=torch.float64, device=device) / 255
    factors = torch.tensor(list(gains), dtype=torch.float64, device=device)
    return srgb_decode(codes * factors[..., None]).to(torch.float32)


def cube_root(x: Tensor) -> Tensor:
    """Darktable's approximate cube root: a seed from the bit pattern and one Halley step.

    Its relative error of 1e-5 shows only where large terms cancel (colour temperature 2000 K,
    strong exposure of saturated colours), and there it has to be the same error.

    Parameters
    ----------
    x
        float32, positive, any shape.

    Returns
    -------
    Tensor
        float32, same shape.
    """
    seed = torch.div(x.view(torch.int32), 3, rounding_mode="floor").add_(_CUBE_ROOT_SEED)
    a = seed.view(torch.float32)
    a3 = a * a * a
    return a.mul_(a3 + 2 * x).div_(a3.mul_(2).add_(x))


def linear_to_lab(linear: Tensor) -> Tensor:
    """Linear sRGB to CIE Lab D50.

    Parameters
    ----------
    linear
        float32, not negative, shape [..., 3, H, W].

    Returns
    -------
    Tensor
        float32, L in 0..100 for input within 0..1, same shape.
    """
    red, green, blue = linear.unbind(-3)
    f = []
    for (r, g, b), white in zip(_RGB_TO_XYZ, _WHITE, strict=True):
        t = (red * (r / white)).add_(green, alpha=g / white).add_(blue, alpha=b / white)
        f.append(torch.where(t > _EPSILON, cube_root(t), (t * _KAPPA).add_(16).div_(116)))
    fx, fy, fz = f
    return torch.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], dim=-3)


def lab_to_encoded(lightness: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """CIE Lab D50 to encoded sRGB; the three broadcast against each other.

    Values above 1 and below 0 are right in sign only: they are clipped in the end.

    Parameters
    ----------
    lightness, a, b
        float32, shapes [N or 1, H, W].

    Returns
    -------
    Tensor
        float32, shape [N, 3, H, W].
    """
    fy = (lightness + 16).div_(116)
    fx, fz = a / 500 + fy, fy - b / 200
    x, y, z = (_cube(f).mul_(white) for f, white in zip((fx, fy, fz), _WHITE, strict=True))
    shape = x.shape
    out = x.new_empty((shape[0], 3, *shape[1:]))
    for channel, (cx, cy, cz) in enumerate(_XYZ_TO_RGB):
        plane = out[:, channel]
        torch.mul(x, cx, out=plane)
        plane.add_(y, alpha=cy).add_(z, alpha=cz)
    return _srgb_encode_(out)


def _cube(f: Tensor) -> Tensor:
    return torch.where(f > _CUBE_ROOT_EPSILON, f * f * f, (f * 116).sub_(16).div_(_KAPPA))


def _srgb_encode_(linear: Tensor) -> Tensor:
    """In place. Negative values stay negative, so that the power needs no care of its own."""
    low = linear * 12.92
    straight = linear <= 0.0031308
    linear.clamp_(min=0.0).pow_(1 / 2.4).mul_(1.055).sub_(0.055)
    return torch.where(straight, low, linear)
