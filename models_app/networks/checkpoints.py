"""Networks in files: read a file of weights as an architecture, and write a network down.

A file of ours is safetensors; architecture and preprocessing travel in its metadata. Files of
others are safetensors or what torch.save made, and whoever imports them says what they are.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models_app.networks.architectures import REGISTRY, Entry, architecture_get
from models_app.networks.building import Network, module_build, weights_expected
from models_app.networks.errors import CheckpointRefused, NetworkError
from models_app.networks.fitting import weights_fit
from models_app.networks.preprocessing import Preprocessing
from models_app.networks.tensor_files import MAX_BYTES, note_read, tensors_read, tensors_write

FORMAT = 1
"""Of the note in our files; a later program may read more."""


def checkpoint_load(
    path: Path,
    *,
    architecture: str | None = None,
    preprocessing: Preprocessing | None = None,
    max_bytes: int = MAX_BYTES,
) -> Network:
    """Read a file of weights, strictly: every weight of the architecture, and no other.

    Parameters
    ----------
    path
        A safetensors file, or one of torch.save, of which only tensors are read.
    architecture, preprocessing
        What the weights were trained with; what the file itself says where None.
    max_bytes
        Of the file, and of what it unpacks to.

    Returns
    -------
    Network
        Marked random where the file says so, whatever the arguments.

    Raises
    ------
    CheckpointRefused
        With one sentence: the file cannot be used, does not fit, does not say what it is and
        nobody else does, or its network does not take pictures of this size.
    UnknownArchitectureError
        If there is no such architecture.
    """
    tensors = tensors_read(path, max_bytes=max_bytes)
    note = note_read(path)
    entry = _entry(architecture, note)
    chosen = _preprocessing(preprocessing, note)
    fitted = weights_fit(
        tensors,
        weights_expected(entry),
        what=f"{entry.label} ({entry.key})",
        helpers=entry.helpers,
        hint=lambda: _hint(tensors, entry),
    )
    module = module_build(entry)
    module.load_state_dict(fitted.weights, strict=True)
    network = Network(module, entry, chosen, bool(note.get("random", False)), fitted.dropped)
    _check_runs(network)
    return network


def checkpoint_save(network: Network, path: Path) -> str:
    """Write a network as safetensors with all that `checkpoint_load` needs: whole, or not at all.

    Returns
    -------
    str
        `weights_hash` of its weights.

    Raises
    ------
    OSError
        If it cannot be written; an older file of this name then stays as it was.
    """
    digest = network.weights_hash
    note = {
        "format": FORMAT,
        "architecture": network.architecture.key,
        "preprocessing": network.preprocessing.to_json(),
        "random": network.random,
        "weights_hash": digest,
    }
    tensors_write(path, network.module.state_dict(), note)
    return digest


def _entry(key: str | None, note: Mapping[str, Any]) -> Entry:
    noted = note.get("architecture")
    if key is None and not isinstance(noted, str):
        raise CheckpointRefused(
            "it does not say which architecture its weights belong to: "
            f"choose one, such as {', '.join(REGISTRY)}"
        )
    return architecture_get(str(noted) if key is None else key)


def _preprocessing(given: Preprocessing | None, note: Mapping[str, Any]) -> Preprocessing:
    if given is not None:
        return given
    if "preprocessing" not in note:
        raise CheckpointRefused(
            "it does not say how photos were prepared for its network: state the preprocessing"
        )
    try:
        return Preprocessing.from_json(note["preprocessing"])
    except NetworkError as error:
        raise CheckpointRefused(
            f"the preprocessing in it cannot be used ({error}): state the preprocessing"
        ) from error


def _hint(tensors: Mapping[str, Tensor], entry: Entry) -> str:
    """Say what to do if the weights do not fit: name the architecture whose names they have."""
    for other in REGISTRY.values():
        expected = weights_expected(other)
        same = {name for name, tensor in expected.items() if _has(tensors, name, tensor)}
        if other.key != entry.key and len(same) == len(expected):
            return f"they fit {other.key}, choose that"
    return "choose the architecture that it was trained with"


def _has(tensors: Mapping[str, Tensor], name: str, expected: Tensor) -> bool:
    return name in tensors and tensors[name].shape == expected.shape


def _check_runs(network: Network) -> None:
    side = network.preprocessing.side
    try:
        with torch.inference_mode():
            logits = network.module(torch.zeros(1, 3, side, side))
    except (RuntimeError, AssertionError, ValueError) as error:
        proposed = network.architecture.preprocessing
        raise CheckpointRefused(
            f"its network takes no pictures of {side} x {side} pixels: state a preprocessing "
            f"whose result has the size that it was trained with, such as {proposed.side}"
        ) from error
    if not bool(torch.isfinite(logits).all()):
        raise CheckpointRefused(
            "its network answers a black picture with infinite values: "
            "take a file from before the training went wrong"
        )
