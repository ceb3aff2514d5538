"""From a file of weights to named tensors, without running anything that is in it, and back."""

import json
import os
import re
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from models_app.networks.errors import CheckpointRefused

MAX_BYTES = 2_000_000_000
"""Larger than the weights of all but the two largest networks of torchvision."""

SUFFIX = ".safetensors"
NOTE = "proofsheet"
"""Name of our entry in the metadata of a safetensors file."""

# How training programs call the part of a file that holds the weights.
NESTS = ("state_dict", "model_state_dict", "model", "network", "net", "weights", "params")
# What wrappers put before every name: DataParallel, torch.compile.
PREFIXES = ("module.", "_orig_mod.")
# A zip of torch.save begins so; its first version was a plain pickle.
_ZIP = b"PK\x03\x04"
# Says what the file would have run: "GLOBAL posix.system whose module ... is blocked".
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")


def tensors_read(path: Path, *, max_bytes: int = MAX_BYTES) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, or of a file that torch.save made.

    A nested `state_dict` is taken out, and wrappers' prefixes are taken off the names. Nothing in
    the file is executed. Values and shapes are not looked at: a tensor may claim more elements
    than it has, so compare its shape before touching it.

    Raises
    ------
    CheckpointRefused
        If it is missing, too large, damaged, of another kind, or holds more than tensors.
    """
    _check_size(path, max_bytes)
    if path.suffix.lower() == SUFFIX:
        return _stripped(_from_safetensors(path))
    return _stripped(_unwrapped(_from_torch(path, max_bytes)))


def note_read(path: Path) -> dict[str, Any]:
    """Return what `tensors_write` noted in a file; empty for a file of anybody else.

    Raises
    ------
    CheckpointRefused
        If it is a safetensors file and damaged.
    """
    if path.suffix.lower() != SUFFIX:
        return {}
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(NOTE, "{}")
        note = json.loads(text)
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(error) from error
    if not isinstance(note, dict):
        raise CheckpointRefused(f"its entry {NOTE!r} is no object: export the weights again")
    return note


def tensors_write(path: Path, tensors: Mapping[str, Tensor], note: Mapping[str, Any]) -> None:
    """Write a safetensors file with a note in its metadata: whole, or not at all.

    Raises
    ------
    OSError
        If it cannot be written; then nothing is left behind, and an older file stays as it was.
    """
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    part = Path(name)
    try:
        os.close(handle)
        try:
            save_file(ready, part, {"format": "pt", NOTE: json.dumps(note, sort_keys=True)})
        except SafetensorError as error:
            # How its library reports a full disk.
            raise OSError(str(error)) from error
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _check_size(path: Path, max_bytes: int) -> None:
    if not path.is_file():
        raise CheckpointRefused("there is no such file: check its name")
    size = path.stat().st_size
    if size == 0:
        raise CheckpointRefused("it is empty: copy or export it again")
    if size > max_bytes:
        raise _too_large(size, max_bytes)


def _too_large(size: int, max_bytes: int) -> CheckpointRefused:
    return CheckpointRefused(
        f"it has {size / 1e6:.1f} MB; allowed are {max_bytes / 1e6:.0f} MB: save the weights alone"
    )


def _damaged(error: Exception) -> CheckpointRefused:
    reason = " ".join(str(error).split())[:120].rstrip(". ") or type(error).__name__
    return CheckpointRefused(
        f"it is damaged or neither a safetensors file nor one of torch.save ({reason}): "
        "copy or export it again"
    )


def _from_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, RuntimeError, TypeError) as error:
        raise _damaged(error) from error


def _from_torch(path: Path, max_bytes: int) -> object:
    _check_unpacked_size(path, max_bytes)
    with warnings.catch_warnings():
        # Of formats that change some day; whoever imports a file can do nothing about it.
        warnings.simplefilter("ignore")
        try:
            return torch.load(path, map_location="cpu", weights_only=True, mmap=False)
        except Exception as error:
            runs = _GLOBAL.search(str(error))
            if runs:
                raise CheckpointRefused(
                    f"it holds program code or objects besides tensors ({runs[1][:80]}), which "
                    "are never run: save the state_dict alone, best as safetensors"
                ) from error
            if "TorchScript" in str(error):
                raise CheckpointRefused(
                    "it is a TorchScript program, which is never run: save the state_dict alone, "
                    "best as safetensors"
                ) from error
            if "weights_only" in str(error):
                error = ValueError("its content is not understood")
            raise _damaged(error) from error


def _check_unpacked_size(path: Path, max_bytes: int) -> None:
    """Refuse a zip whose parts, which torch unpacks, are larger than the file may be."""
    with path.open("rb") as file:
        if file.read(len(_ZIP)) != _ZIP:
            return
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(error) from error
    if size > max_bytes:
        raise _too_large(size, max_bytes)


def _unwrapped(found: object) -> dict[str, Tensor]:
    for _depth in range(4):
        if not isinstance(found, dict) or not found:
            break
        if all(isinstance(value, Tensor) for value in found.values()):
            return _named(found)
        inner = [found[nest] for nest in NESTS if isinstance(found.get(nest), dict)]
        if not inner:
            break
        found = inner[0]
    names = (
        ", ".join(repr(name)[:40] for name in list(found)[:5]) if isinstance(found, dict) else ""
    )
    holds = f"an object with {names}" if names else f"a {type(found).__name__}"
    raise CheckpointRefused(
        f"it holds {holds} instead of named tensors: save the state_dict of the network"
    )


def _named(found: Mapping[Any, Tensor]) -> dict[str, Tensor]:
    odd = [name for name in found if not isinstance(name, str)]
    if odd:
        raise CheckpointRefused(
            f"it names a tensor {repr(odd[0])[:40]}, which is no text: save the state_dict"
        )
    return {name: tensor.detach() for name, tensor in found.items()}


def _stripped(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    for prefix in PREFIXES * 2:
        if tensors and all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    if not tensors:
        raise CheckpointRefused("it holds no tensors: save the state_dict of the network")
    return tensors
