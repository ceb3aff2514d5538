"""Whether a fine-tuning may go on from what its folder holds; as `training.resuming` has it."""

from dataclasses import fields
from pathlib import Path

from models_app.training.checkpoint import STATES, State, state_load
from models_app.training.errors import ConfigInvalid, StateDamaged, TrainingError
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.data import Parts
from models_app.training.processes import Processes
from models_app.training.reports import Reports

FREE = frozenset(
    (
        *("weights_file", "download", "device", "cache", "cache_folder", "workers"),
        *("max_unreadable", "max_bad_steps", "max_epochs", "save_steps", "keep"),
    )
)
"""Options that a training may go on with another value of; the others decide what it has become."""


def state_found(
    folder: Path,
    config: FinetuneConfig,
    parts: Parts,
    reports: Reports,
    *,
    resume: bool,
    processes: Processes,
) -> State | None:
    """Return the newest intact state of a folder, or None where a training begins.

    Raises
    ------
    TrainingError
        If there is a training, and it is not to be resumed.
    ConfigInvalid
        If it began with another configuration.
    StateDamaged
        If it began with other photos or labels, or no state is intact.
    """

    def damaged(name: str, reason: str) -> None:
        reports.log(f"State {name} is damaged and passed over: {reason}.")

    if not resume and (folder / STATES).exists():
        raise TrainingError(
            f"The folder {folder.name} holds a training already; go on with --resume, or name "
            "another folder."
        )
    if not processes.first:
        # The first puts back what a kill has left half-moved, before the others read.
        processes.agree(False)
    try:
        state = state_load(folder, damaged=damaged, clear=processes.first) if resume else None
    finally:
        if processes.first:
            processes.agree(False)
    if state is None:
        if resume:
            reports.log("There is nothing to go on from; it begins.")
        return None
    _check_kind(state)
    _check_config(state, config)
    if state.info["parts"]["digest"] != parts.digest:
        raise StateDamaged(
            "The photos or their labels are not those that this training began with, or are in "
            "other parts; bring them back, or begin in another folder."
        )
    reports.log(f"Goes on from step {state.step}.")
    return state


def _check_kind(state: State) -> None:
    if "parts" not in state.info:
        raise ConfigInvalid(
            "The folder holds a training of another kind; name another folder, and its `best` as "
            "weights_file to begin from that."
        )


def _check_config(state: State, config: FinetuneConfig) -> None:
    before = state.info["config"]
    for each in fields(config):
        given = getattr(config, each.name)
        if each.name not in FREE and before.get(each.name) != given:
            raise ConfigInvalid(
                f"{each.name} is {given!r} and was {before.get(each.name)!r} when this training "
                "began; set it back, or begin in another folder.",
                each.name,
            )
