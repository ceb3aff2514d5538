"""Decoded photos as bytes, by row, and what decodes them."""

import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from models_app.networks.preprocessing import Preprocessing, photo_to_input
from models_app.training.data import Photos, Unreadable
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.predicting import opened
from models_app.training.finetuning.stopping import pieces
from models_app.training.processes import Processes
from models_app.training.reports import Reports

PIECE = 64
"""Photos between two questions whether to stop."""

_TOLD_S = 5.0


@dataclass(frozen=True, slots=True)
class Pictures:
    """Decoded photos by row.

    Attributes
    ----------
    data
        uint8 [N, side, side, 3] on the CPU; rows that could not be read are black.
    readable
        bool [N].
    folder
        Goes with the run; None where nothing is to be removed.
    """

    data: Tensor
    readable: NDArray[np.bool_]
    folder: Path | None = None

    def take(self, rows: Sequence[int], *, pin: bool = False) -> Tensor:
        """Return uint8 [n, 3, side, side] in channels-last order; pinned where a GPU waits."""
        wanted = torch.as_tensor(rows, dtype=torch.int64)
        shape = (len(wanted), *self.data.shape[1:])
        made = torch.empty(shape, dtype=torch.uint8, pin_memory=pin)
        torch.index_select(self.data, 0, wanted, out=made)
        return made.permute(0, 3, 1, 2)

    def close(self) -> None:
        """Remove the file, if it goes with the run; what is mapped stays usable until then."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What making pictures needs.

    Attributes
    ----------
    photos, indices
        Row r is photo `indices[r]` of the source.
    unreadable
        Photos that it knows already are not tried again.
    """

    config: FinetuneConfig
    photos: Photos
    indices: Sequence[int]
    preprocessing: Preprocessing
    unreadable: Unreadable
    processes: Processes
    reports: Reports
    should_stop: Callable[[], bool]


def picture(photo: Image.Image, preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """Return the pixels that a network sees before they are normalised: uint8 [side, side, 3]."""
    plain = Preprocessing(
        preprocessing.resize,
        preprocessing.crop,
        preprocessing.mode,
        preprocessing.interpolation,
    )
    # Multiples of 1/255 come back exactly.
    pixels = np.rint(photo_to_input(photo, plain) * 255).astype(np.uint8)
    return pixels.transpose(1, 2, 0)


def fill(
    making: Making, data: NDArray[np.uint8], *, write: bool, there: Collection[int] = ()
) -> NDArray[np.bool_]:
    """Decode into rows; a process that does not write goes along with the others.

    Parameters
    ----------
    there
        Rows that hold their photo already; the same in all processes.

    Returns
    -------
    ndarray
        bool [N]: rows that could be read; where it does not write, rows that are there.
    """
    indices, unreadable = making.indices, making.unreadable
    known = unreadable.snapshot()
    found = frozenset(there)
    rows = [
        row
        for row, index in enumerate(indices)
        if row not in found and making.photos.name(index) not in known
    ]
    readable = np.zeros(len(indices), dtype=np.bool_)
    readable[list(found)] = True
    told = monotonic()
    done = 0
    for piece in pieces(rows, PIECE, making.processes, making.should_stop):
        if write:
            _decode(making, piece, data, readable)
        done += len(piece)
        if monotonic() - told > _TOLD_S:
            making.reports.stage(f"decoding photos: {done} of {len(rows)}")
            told = monotonic()
    return readable


def _decode(
    making: Making, rows: Sequence[int], data: NDArray[np.uint8], readable: NDArray[np.bool_]
) -> None:
    found = opened(
        making.photos,
        [making.indices[row] for row in rows],
        lambda photo: picture(photo, making.preprocessing),
        ahead=len(rows),
        workers=making.config.workers,
    )
    for row, (index, made) in zip(rows, found, strict=True):
        if isinstance(made, str):
            making.unreadable.add(making.photos.name(index), made)
        else:
            data[row] = made
            readable[row] = True
