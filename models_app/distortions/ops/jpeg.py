"""JPEG compression."""

import io
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models_app.distortions.ops.base import Scene

QUALITIES = (25, 18, 15, 10, 7)


class JpegCompression:
    """Baseline JPEG, 4:2:0, encoded and decoded.

    Levels are severities 1 to 5, of qualities 25 to 7. Hendrycks & Dietterich 2019,
    jpeg_compression.
    """

    def render(self, scene: Scene, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`; values in 1..5."""
        return compressed(scene.photo, [QUALITIES[int(value) - 1] for value in values])


def compressed(photo: Tensor, qualities: Sequence[int]) -> Tensor:
    """Encode and decode a photo at each quality, by libjpeg: on the CPU, wherever the photo lies.

    Parameters
    ----------
    photo
        uint8, shape [3, H, W].
    qualities
        As libjpeg counts them, 1..100.

    Returns
    -------
    Tensor
        uint8, shape [N, 3, H, W], on the photo's device.
    """
    image = Image.fromarray(photo.permute(1, 2, 0).contiguous().cpu().numpy())
    decoded = []
    for quality in qualities:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        with Image.open(file) as opened:
            decoded.append(np.asarray(opened))
    stacked = torch.from_numpy(np.stack(decoded))
    return stacked.permute(0, 3, 1, 2).contiguous().to(photo.device)
