"""Pictures as bytes into a backbone, normalised on its device: how all trainings show them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def scale_and_shift(mean: Sequence[float], sd: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Return float32 [3, 1, 1] each: (x / 255 - mean) / sd as one product and one sum."""
    means, sds = torch.tensor(mean).view(3, 1, 1), torch.tensor(sd).view(3, 1, 1)
    return 1 / (255 * sds), -means / sds


def features_of(
    backbone: nn.Module, pictures: Tensor, *, scale: Tensor, shift: Tensor, precision: str
) -> Tensor:
    """Return features, float32 [N, F], of pictures, uint8 [N, 3, side, side].

    Parameters
    ----------
    precision
        As in a configuration: auto, fp32 or bf16.
    """
    kind = pictures.device.type
    half = precision == "bf16" or (precision == "auto" and kind == "cuda")
    # Bytes are put in order before they become floats four times their size.
    ordered = pictures.contiguous(memory_format=torch.channels_last)
    with torch.autocast(kind, torch.bfloat16, enabled=half):
        found: Tensor = backbone(torch.addcmul(shift, ordered, scale))
    return found.float()
