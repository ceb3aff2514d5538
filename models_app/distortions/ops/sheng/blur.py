"""Gaussian blur."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from models_app.distortions.ops.base import Band, BandOp, reflected, summing_type


class Blur(BandOp):
    """Gaussian blur of 0.2 and 0.8 pixels; 0.2 changes nothing that 8 bits show.

    Sheng et al. 2020. The kernel reaches four sigmas; edges are mirrored at the edge pixel.
    """

    unit = 1.0

    def encoded(self, band: Band, values: Sequence[float]) -> Tensor:
        """Follow `BandOp.encoded`; values are sigmas in pixels, above 0."""
        photo, rows = band.scene.photo, band.rows
        number = summing_type(photo.device)
        out = []
        for sigma in values:
            reach = math.ceil(4 * sigma)
            down = reflected(rows.start - reach, rows.stop + reach, photo.shape[1], photo.device)
            along = reflected(-reach, photo.shape[2] + reach, photo.shape[2], photo.device)
            padded = photo.index_select(1, down).index_select(2, along).to(number)[:, None]
            place = torch.arange(-reach, reach + 1, dtype=torch.float64, device=photo.device)
            line = torch.exp(-(place**2) / (2 * sigma**2))
            line = (line / line.sum()).to(number)
            across = functional.conv2d(padded, line[None, None, None])
            out.append(functional.conv2d(across, line[None, None, :, None])[:, 0].float())
        return torch.stack(out)
