"""Decoded photos: made once, as bytes, in memory or in a file that is mapped."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from models_app.networks.preprocessing import Preprocessing, photo_to_input
from models_app.training.data import Photos, Unreadable
from models_app.training.durable import file_write
from models_app.training.errors import MemoryShort, TrainingError
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.predicting import opened
from models_app.training.finetuning.stopping import pieces
from models_app.training.processes import Processes
from models_app.training.reports import Reports
from models_app.training.steps.memory import memory_available

PIECE = 64
"""Photos between two questions whether to stop."""

SHARE = 0.5
"""Of the memory that is available, what decoded photos may take by themselves."""

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
    if config.cache == "disk" or (config.cache == "auto" and (not fits or processes.count > 1)):
        return _on_disk(making, size)
    try:
        data = np.zeros((len(making.indices), side, side, 3), dtype=np.uint8)
    except MemoryError as error:
        raise _short(size) from error
    if not fits:
        raise _short(size)
    readable = _fill(making, data, write=True)
    return Pictures(torch.from_numpy(data), readable)


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


def _fill(making: Making, data: NDArray[np.uint8], *, write: bool) -> NDArray[np.bool_]:
    """Decode into rows; a process that does not write goes along with the others."""
    indices, unreadable = making.indices, making.unreadable
    known = unreadable.snapshot()
    rows = [row for row, index in enumerate(indices) if making.photos.name(index) not in known]
    readable = np.zeros(len(indices), dtype=np.bool_)
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


def _on_disk(making: Making, size: int) -> Pictures:
    """Fill a file in the first process; all map it."""
    processes = making.processes
    stays = bool(making.config.cache_folder)
    folder = Path(making.config.cache_folder)
    if not stays:
        made = tempfile.mkdtemp(prefix="proofsheet-pictures-") if processes.first else ""
        folder = Path(str(processes.from_first(made)))
    gone = None if stays else folder
    side = making.preprocessing.side
    shape = (len(making.indices), side, side, 3)
    file = folder / f"{_name(making)}.bin"
    try:
        whole = processes.from_first(processes.first and stays and _is_whole(file, size))
        readable = _whole(making) if whole else _file_fill(making, file, size, shape, stays=stays)
    except BaseException:
        if gone is not None and processes.first:
            shutil.rmtree(gone, ignore_errors=True)
        raise
    data = torch.from_file(str(file), shared=True, size=size, dtype=torch.uint8).view(shape)
    processes.agree(False)
    if processes.first and not _is_whole(file, size):
        # All have mapped it by now: it stays for them, and for nobody else.
        file.unlink()
    return Pictures(data, readable, gone if processes.first else None)


def _whole(making: Making) -> NDArray[np.bool_]:
    making.reports.log("Decoded photos are taken from the file of an earlier run.")
    known = making.unreadable.snapshot()
    return np.array([making.photos.name(index) not in known for index in making.indices])


def _file_fill(
    making: Making, file: Path, size: int, shape: tuple[int, ...], *, stays: bool
) -> NDArray[np.bool_]:
    """Write the file under another name, and give it its own when it is whole."""
    processes = making.processes
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    data = np.zeros((0, *shape[1:]), dtype=np.uint8)
    try:
        if processes.first:
            _reserve(part, size)
            data = np.memmap(part, dtype=np.uint8, mode="r+", shape=shape)
        own = _fill(making, data, write=processes.first)
        if processes.first:
            # A file of this name without its note is nobody's; those who mapped it keep theirs.
            file.with_suffix(".json").unlink(missing_ok=True)
            part.replace(file)
            if stays and bool(own.all()):
                # Says that the file is whole; one with unreadable photos is made anew next time.
                file_write(file.with_suffix(".json"), json.dumps({"bytes": size}).encode())
    finally:
        part.unlink(missing_ok=True)
    found = processes.from_first((own, making.unreadable.snapshot()))
    if not isinstance(found, tuple):
        raise TypeError("Another process sent something else than which photos can be read.")
    making.unreadable.merge(found[1])
    readable: NDArray[np.bool_] = found[0]
    return readable


def _reserve(path: Path, size: int) -> None:
    """Make a file of this size, whose blocks are on the disk: a mapped one that lacks some kills.

    Raises
    ------
    TrainingError
        If it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise TrainingError(
            f"Decoded photos take {size / 1e9:.2f} GB, and their file cannot be made "
            f"({error.strerror or error}); free space, name another cache_folder, or lower side "
            "or share."
        ) from error


def _is_whole(file: Path, size: int) -> bool:
    try:
        stated = json.loads(file.with_suffix(".json").read_bytes())
        return bool(stated == {"bytes": size} and file.stat().st_size == size)
    except (OSError, ValueError):
        return False


def _name(making: Making) -> str:
    """Return a name that depends on contents, their order and how they are prepared."""
    prepared = making.preprocessing.to_json()
    shape = {key: prepared[key] for key in ("resize", "crop", "mode", "interpolation")}
    digest = sha256(json.dumps(shape, sort_keys=True).encode())
    for index in making.indices:
        digest.update(making.photos.key(index).encode())
    return f"pictures-{digest.hexdigest()[:32]}"


def _short(size: int) -> MemoryShort:
    return MemoryShort(
        f"Decoded photos take {size / 1e9:.2f} GB, more than this machine's memory can spare; set "
        "cache to disk, or lower side or share."
    )
