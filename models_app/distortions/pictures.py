"""Pillow's pictures and torch's."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def photo_check(photo: Tensor) -> None:
    """Refuse what is not a photo in the form that `ops/base.py` states.

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


def photo_to_tensor(image: Image.Image) -> Tensor:
    """Return an RGB picture as uint8, shape [3, H, W], values 0..255.

    Raises
    ------
    ValueError
        If its mode is not RGB.
    """
    if image.mode != "RGB":
        raise ValueError(f"The picture has mode {image.mode}; convert it to RGB first.")
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def tensor_to_image(photo: Tensor) -> Image.Image:
    """Return uint8, shape [3, H, W], values 0..255, as an RGB picture.

    Raises
    ------
    ValueError
        If it has another type or shape.
    """
    photo_check(photo)
    return Image.fromarray(photo.permute(1, 2, 0).contiguous().cpu().numpy())
