"""Gains on encoded values (darktable 4.2.1 modules exposure and temperature)."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from models_app.distortions.ops.base import Band, look_up
from models_app.distortions.ops.colour import decode_table, lab_to_encoded, linear_to_lab

Gains = tuple[float, float, float]


def gains_get(known: Mapping[float, Gains], values: Sequence[float]) -> list[Gains]:
    """Return the multipliers of each level.

    Raises
    ------
    ValueError
        If a level is not known: the edit files give multipliers for these levels only.
    """
    missing = [value for value in values if value not in known]
    if missing:
        raise ValueError(
            f"No multipliers are known for level {missing[0]:g}; choose from "
            f"{', '.join(f'{value:g}' for value in known)}."
        )
    return [known[value] for value in values]


def balanced(band: Band, gains: Sequence[Gains]) -> Tensor:
    """Multiply the channels of encoded values and send them through Lab, as the pipeline does.

    In exact arithmetic Lab would lead back to the product. In float32, with the approximate
    cube root, it loses whole 8-bit levels where one channel outweighs the others (2000 K).

    Parameters
    ----------
    band
        Rows of a photo.
    gains
        Factors for R, G, B of each of N variants, on encoded values.

    Returns
    -------
    Tensor
        float32 encoded sRGB, shape [N, 3, h, W], not clipped.
    """
    linear = look_up(decode_table(gains, band.photo.device), band.photo)
    return lab_to_encoded(*linear_to_lab(linear).unbind(1))
