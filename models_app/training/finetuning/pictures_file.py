"""Decoded photos in a file that is mapped, and that may stay for other runs."""

import json
import os
import shutil
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models_app.training.durable import file_write
from models_app.training.errors import TrainingError
from models_app.training.finetuning.decoded import Making, Pictures, fill

NOTE, KEYS = ".json", ".keys"
"""Beside a whole file: its size, and what each row is."""

_KEY_BYTES = 32


def on_disk(making: Making, size: int) -> Pictures:
    """Fill a file in the first process; all map it."""
    processes = making.processes
    stays = bool(making.config.cache_folder)
    folder = Path(making.config.cache_folder)
    if not stays:
        made = tempfile.mkdtemp(prefix="proofsheet-pictures-") if processes.first else ""
        folder = Path(str(processes.from_first(made)))
    gone = None if stays or not processes.first else folder
    side = making.preprocessing.side
    shape = (len(making.indices), side, side, 3)
    file = folder / f"{_name(making)}.bin"
    try:
        if processes.from_first(processes.first and stays and _is_whole(file, size)):
            filled, readable = file, _whole(making, file)
        else:
            filled, readable = _file_fill(making, file, shape, stays=stays)
        data = _mapped(filled, shape)
    except BaseException:
        if gone is not None:
            shutil.rmtree(gone, ignore_errors=True)
        raise
    processes.agree(False)
    if processes.first and filled != file:
        # All have mapped it by now: it stays for them, and for nobody else.
        filled.unlink()
    return Pictures(data, readable, gone)


def _mapped(file: Path, shape: tuple[int, ...]) -> Tensor:
    """Map a file that is there: torch would make one that is not, all black.

    Raises
    ------
    TrainingError
        If somebody has removed it meanwhile.
    """
    try:
        return torch.from_numpy(np.memmap(file, dtype=np.uint8, mode="r+", shape=shape))
    except FileNotFoundError as error:
        raise TrainingError(
            "The file of decoded photos was removed while it was opened; run this again."
        ) from error


def _whole(making: Making, file: Path) -> NDArray[np.bool_]:
    making.reports.log("Decoded photos are taken from the file of an earlier run.")
    if making.processes.first:
        # Files that were not used for longest are the first to go.
        file.with_suffix(NOTE).touch()
    known = making.unreadable.snapshot()
    return np.array([making.photos.name(index) not in known for index in making.indices])


def _file_fill(
    making: Making, file: Path, shape: tuple[int, ...], *, stays: bool
) -> tuple[Path, NDArray[np.bool_]]:
    """Write a file under a name of its own; return where it is, and which photos are in it.

    Only one that stays and has all photos gets the name that others look for: whoever else writes
    that one at the same time writes the same.
    """
    processes = making.processes
    part = file.with_name(f".{file.name}.{os.getpid()}-{token_hex(4)}.part")
    try:
        readable = _part_fill(making, part, file, shape, stays=stays)
        filled = part
        if processes.first and stays and bool(readable.all()):
            part.replace(file)
            filled = file
            file_write(file.with_suffix(KEYS), b"".join(_keys(making)))
            # Says that the file is whole.
            size = {"bytes": int(np.prod(shape))}
            file_write(file.with_suffix(NOTE), json.dumps(size).encode())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    found = processes.from_first((filled, readable, making.unreadable.snapshot()))
    if not isinstance(found, tuple):
        raise TypeError("Another process sent something else than which photos can be read.")
    making.unreadable.merge(found[2])
    return found[0], found[1]


def _part_fill(
    making: Making, part: Path, file: Path, shape: tuple[int, ...], *, stays: bool
) -> NDArray[np.bool_]:
    first = making.processes.first
    data = np.zeros((0, *shape[1:]), dtype=np.uint8)
    if first:
        _reserve(part, int(np.prod(shape)))
        data = np.memmap(part, dtype=np.uint8, mode="r+", shape=shape)
    copied = _copied(making, file, data) if first and stays else []
    there = cast("list[int]", making.processes.from_first(copied))
    readable = fill(making, data, write=first, there=there)
    if first and stays:
        # On the disk before a note says so: a power cut must not leave black photos.
        cast("np.memmap[Any, np.dtype[np.uint8]]", data).flush()
    return readable


def _copied(making: Making, file: Path, data: NDArray[np.uint8]) -> list[int]:
    """Take photos from files of other runs, prepared the same way; return their rows.

    So each photo of the smaller shares of a label set is decoded once for all of them.
    """
    known = making.unreadable.snapshot()
    wanted: dict[bytes, list[int]] = {}
    for row, key in enumerate(_keys(making)):
        if making.photos.name(making.indices[row]) not in known:
            wanted.setdefault(key, []).append(row)
    copied: list[int] = []
    for note in sorted(file.parent.glob(f"{file.name.rsplit('-', 1)[0]}-*{NOTE}")):
        with suppress(OSError, ValueError):
            other, keys = note.with_suffix(".bin"), note.with_suffix(KEYS).read_bytes()
            count = len(keys) // _KEY_BYTES
            if not wanted or not _is_whole(other, count * data[0].size):
                continue
            source = np.memmap(other, dtype=np.uint8, mode="r", shape=(count, *data.shape[1:]))
            for place in range(count):
                key = keys[_KEY_BYTES * place : _KEY_BYTES * (place + 1)]
                for row in wanted.pop(key, ()):
                    data[row] = source[place]
                    copied.append(row)
    if copied:
        making.reports.log(f"{len(copied)} decoded photos are taken from files of earlier runs.")
    return copied


def _keys(making: Making) -> list[bytes]:
    """Return what each row is: 32 bytes of its content's hash."""
    return [sha256(making.photos.key(index).encode()).digest() for index in making.indices]


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
        stated = json.loads(file.with_suffix(NOTE).read_bytes())
        return bool(stated == {"bytes": size} and file.stat().st_size == size)
    except (OSError, ValueError):
        return False


def _name(making: Making) -> str:
    """Return a name that depends on how photos are prepared, and on contents and their order."""
    prepared = making.preprocessing.to_json()
    shape = {key: prepared[key] for key in ("resize", "crop", "mode", "interpolation")}
    way = sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()
    photos = sha256(b"".join(_keys(making))).hexdigest()
    return f"pictures-{way[:16]}-{photos[:32]}"
