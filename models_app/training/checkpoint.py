"""States of a training on disk: whole or not at all, and checked before they are used.

    RUN/states/00000500/{weights.safetensors, training.safetensors, state.json}
    RUN/last -> states/00000500
    RUN/bests/00000400/{weights.safetensors, checkpoint.json}
    RUN/best -> bests/00000400

`weights` holds the network alone, for whoever wants to use it; `training` what else going on
needs. The JSON file holds the SHA-256 of the files beside it and of itself.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from models_app.networks.tensor_files import tensors_write
from models_app.training.durable import (
    file_hash,
    file_write,
    folder_remove,
    folder_replacing,
    folder_sync,
    leftovers_clear,
    link_replace,
)
from models_app.training.errors import StateDamaged
from models_app.training.tensor_tree import tree_build, tree_flatten
from models_app.training.versions import versions

FORMAT = 1
STATES, BESTS, LAST, BEST = "states", "bests", "last", "best"
WEIGHTS, TRAINING = "weights.safetensors", "training.safetensors"
STATE_JSON, BEST_JSON = "state.json", "checkpoint.json"
_DIGITS = 8
# The one before stays for whoever opened it a moment ago.
_BESTS_KEPT = 2


@dataclass(frozen=True, slots=True)
class State:
    """A saved training.

    Attributes
    ----------
    step
        Steps done.
    folder
        Where it lies.
    network
        Tensors by name, on the CPU.
    training
        Nested, as it was given; tensors on the CPU.
    info
        As it was given.
    """

    step: int
    folder: Path
    network: dict[str, Tensor]
    training: Any
    info: dict[str, Any]


def state_save(
    folder: Path,
    step: int,
    network: Mapping[str, Tensor],
    training: object,
    info: Mapping[str, Any],
    *,
    keep: int = 3,
    note: Mapping[str, Any] | None = None,
) -> Path:
    """Save a state and point `last` to it.

    States of later steps are removed: this run went back behind them.

    Parameters
    ----------
    folder
        Of the run.
    network
        `state_dict` of the network.
    training
        Optimiser, balance, random numbers: dicts, lists and tuples of tensors, numbers, texts.
    info
        JSON: configuration, epoch, position; numbers must be finite.
    keep
        States that stay, this one among them.
    note
        Goes into the metadata of the weights.

    Returns
    -------
    Path
        The state's folder.

    Raises
    ------
    OSError
        If it cannot be written, as when the disk is full: nothing is left of it, and the older
        states stay.
    """
    tensors, skeleton = tree_flatten(training)
    target = folder / STATES / f"{step:0{_DIGITS}}"
    with folder_replacing(target) as part:
        tensors_write(part / WEIGHTS, _apart(network), note or {})
        tensors_write(part / TRAINING, _apart(tensors), {})
        content = {"step": step, "info": dict(info), "training": skeleton}
        _json_write(part / STATE_JSON, content, (WEIGHTS, TRAINING))
    link_replace(folder / LAST, f"{STATES}/{target.name}")
    _prune(folder / STATES, step, keep)
    return target


def state_load(
    folder: Path,
    *,
    damaged: Callable[[str, str], None] = lambda name, reason: None,
    clear: bool = True,
) -> State | None:
    """Load the newest intact state; None where there is none at all.

    Parameters
    ----------
    folder
        Of the run.
    damaged
        Called with name and reason of every state that was passed over.
    clear
        Whether what a killed process left is put in order: a state that it was replacing comes
        back, what is half-written is removed. Of several processes only one may, before the
        others load and before anything is written.

    Raises
    ------
    StateDamaged
        If there are states, and none is intact.
    """
    states = folder / STATES
    for place in (folder, states, folder / BESTS) if clear else ():
        leftovers_clear(place)
    if not states.is_dir():
        return None
    found = sorted(_numbered(states), reverse=True)
    reason = ""
    for path in found:
        try:
            return state_read(path)
        except StateDamaged as error:
            reason = str(error)
            damaged(path.name, reason)
    if not found:
        return None
    raise StateDamaged(
        f"None of the {len(found)} saved states of this training is intact (the oldest: {reason}); "
        "start it anew."
    )


def state_read(path: Path) -> State:
    """Read one state and check it.

    Raises
    ------
    StateDamaged
        If it is not what was written: the text says what is wrong.
    """
    content = _json_read(path, STATE_JSON, (WEIGHTS, TRAINING))
    try:
        network = load_file(path / WEIGHTS)
        training = tree_build(load_file(path / TRAINING), content["training"])
        return State(int(content["step"]), path, network, training, dict(content["info"]))
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise StateDamaged(f"it cannot be read ({error})") from error


def best_save(
    folder: Path,
    step: int,
    network: Mapping[str, Tensor],
    info: Mapping[str, Any],
    *,
    note: Mapping[str, Any] | None = None,
) -> Path:
    """Save the best weights so far and point `best` to them; parameters as of `state_save`.

    Raises
    ------
    OSError
        As there; the best so far then stays.
    """
    target = folder / BESTS / f"{step:0{_DIGITS}}"
    with folder_replacing(target) as part:
        tensors_write(part / WEIGHTS, _apart(network), note or {})
        _json_write(part / BEST_JSON, {"step": step, "info": dict(info)}, (WEIGHTS,))
    link_replace(folder / BEST, f"{BESTS}/{target.name}")
    _prune(folder / BESTS, step, _BESTS_KEPT)
    return target


def best_load(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Return the tensors of the best weights and their `info`; None where there are none.

    Raises
    ------
    StateDamaged
        If they are not what was written.
    """
    path = folder / BEST
    if not path.is_symlink() and not path.exists():
        return None
    # Once, so that both files come from the same folder.
    return best_read(path.resolve())


def best_read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read and check one folder of `best_save`; errors and value as `best_load`."""
    content = _json_read(path, BEST_JSON, (WEIGHTS,))
    try:
        return load_file(path / WEIGHTS), dict(content["info"])
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise StateDamaged(f"The best weights cannot be read ({error}).") from error


def _apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copy tensors that share memory, which safetensors cannot express."""
    seen: set[int] = set()
    apart = {}
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        apart[name] = tensor.detach().clone() if place in seen else tensor
        seen.add(place)
    return apart


def _json_write(path: Path, content: dict[str, Any], files: tuple[str, ...]) -> None:
    whole = {
        "format": FORMAT,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "files": {name: file_hash(path.parent / name) for name in files},
        **content,
    }
    text = json.dumps(whole | {"sha256": _own_hash(whole)}, indent=1, allow_nan=False)
    file_write(path, text.encode())


def _own_hash(content: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in content.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _json_read(folder: Path, name: str, files: tuple[str, ...]) -> dict[str, Any]:
    """Return a JSON file after checking it and the files beside it."""
    try:
        content = json.loads((folder / name).read_bytes())
        if _own_hash(content) != content["sha256"]:
            raise StateDamaged(f"{name} was changed after it was written")
        if content["format"] != FORMAT:
            raise StateDamaged(f"it has format {content['format']}; this program reads {FORMAT}")
        for file in files:
            if file_hash(folder / file) != content["files"][file]:
                raise StateDamaged(f"{file} was changed after it was written")
    except OSError as error:
        missing = Path(str(error.filename)).name if error.filename else name
        raise StateDamaged(f"{missing} cannot be read ({error.strerror})") from error
    except StateDamaged:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StateDamaged(f"{name} is damaged") from error
    return dict(content)


def _numbered(states: Path) -> list[Path]:
    return [
        path
        for path in states.iterdir()
        if len(path.name) >= _DIGITS and path.name.isdecimal() and path.is_dir()
    ]


def _prune(states: Path, step: int, keep: int) -> None:
    by_step = sorted(_numbered(states), key=lambda path: int(path.name))
    past = [path for path in by_step if int(path.name) <= step]
    future = [path for path in by_step if int(path.name) > step]
    for path in [*past[:-keep], *future]:
        folder_remove(path)
    folder_sync(states)
