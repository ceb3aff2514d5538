"""Decoded photos for a fine-tuning: made once, in memory or in a file that is mapped."""

import numpy as np
import torch

from models_app.training.errors import MemoryShort
from models_app.training.finetuning.decoded import Making, Pictures, fill
from models_app.training.finetuning.pictures_file import on_disk
from models_app.training.steps.memory import memory_available

SHARE = 0.5
"""Of the memory that is available, what decoded photos may take by themselves."""


def pictures_make(making: Making) -> Pictures:
    """Decode all photos, or take them from a file that an earlier run has left.

    Raises
    ------
    Stopped
        If it was told to stop meanwhile.
    PhotosUnusable
        If too many photos cannot be read.
    MemoryShort, TrainingError
        If they fit neither into memory nor on the disk.
    """
    config, processes = making.config, making.processes
    side = making.preprocessing.side
    size = len(making.indices) * side * side * 3
    fits = size <= SHARE * memory_available(torch.device("cpu"))
    shared = bool(config.cache_folder) or processes.count > 1
    if config.cache == "disk" or (config.cache == "auto" and (shared or not fits)):
        return on_disk(making, size)
    try:
        data = np.zeros((len(making.indices), side, side, 3), dtype=np.uint8)
    except MemoryError as error:
        raise _short(size) from error
    if not fits:
        raise _short(size)
    readable = fill(making, data, write=True)
    return Pictures(torch.from_numpy(data), readable)


def _short(size: int) -> MemoryShort:
    return MemoryShort(
        f"Decoded photos take {size / 1e9:.2f} GB, more than this machine's memory can spare; set "
        "cache to disk, or lower side or share."
    )
