"""Whether a training may go on from what its folder holds."""

from dataclasses import fields
from pathlib import Path

from models_app.training.checkpoint import STATES, State, state_load
from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid, StateDamaged, TrainingError
from models_app.training.processes import Processes
from models_app.training.reports import Reports
from models_app.training.split import Split

FREE = frozenset(
    (
        *("photos", "weights_file", "download", "device", "decoders", "render_ahead"),
        *("variant_cache_mb", "max_unreadable", "max_bad_steps", "epochs", "save_steps", "keep"),
        "tensorboard",
    )
)
"""Options that a training may go on with another value of; the others decide what it has become."""


def state_found(
    folder: Path,
    config: TrainConfig,
    split: Split,
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
        If it began with other photos, or no state is intact.
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
    _check_config(state, config)
    if state.info["split"]["digest"] != split.digest:
        raise StateDamaged(
            "The photos are not those that this training began with, or are split otherwise; "
            "bring them back, or begin in another folder."
        )
    reports.log(f"Goes on from step {state.step}.")
    return state


def _check_config(state: State, config: TrainConfig) -> None:
    before = state.info["config"]
    # A cosine ends where the epochs end.
    free = FREE - {"epochs"} if config.schedule == "cosine" else FREE
    for each in fields(config):
        given = getattr(config, each.name)
        if each.name not in free and before.get(each.name) != given:
            raise ConfigInvalid(
                f"{each.name} is {given!r} and was {before.get(each.name)!r} when this training "
                "began; set it back, or begin in another folder.",
                each.name,
            )
