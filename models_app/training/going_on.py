"""Whether a training may go on from what its folder holds: what all kinds of training check."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from pathlib import Path

from models_app.training.checkpoint import STATES, State, state_load
from models_app.training.configuration import Configuration
from models_app.training.errors import ConfigInvalid, StateDamaged, TrainingError
from models_app.training.processes import Processes
from models_app.training.reports import Reports


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What a training that goes on must have begun with.

    Attributes
    ----------
    free
        Options that may have another value by now; the others decide what it has become.
    source
        Where a state of this kind of training says what it learns from.
    digest
        Of that.
    other
        The sentence for a person whose photos have another one.
    """

    config: Configuration
    free: AbstractSet[str]
    source: str
    digest: str
    other: str


def state_found(
    folder: Path, begun: Begun, reports: Reports, *, resume: bool, processes: Processes
) -> State | None:
    """Return the newest intact state of a folder, or None where a training begins.

    Raises
    ------
    TrainingError
        If there is a training, and it is not to be resumed.
    ConfigInvalid
        If it is of another kind, or began with another configuration.
    StateDamaged
        If it began with something else to learn from, or no state is intact.
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
    _check(state, begun)
    reports.log(f"Goes on from step {state.step}.")
    return state


def _check(state: State, begun: Begun) -> None:
    if begun.source not in state.info:
        raise ConfigInvalid(
            "The folder holds a training of another kind; name another folder, and its `best` as "
            "weights_file to begin from that."
        )
    before = state.info["config"]
    for each in fields(begun.config):
        given = getattr(begun.config, each.name)
        if each.name not in begun.free and before.get(each.name) != given:
            raise ConfigInvalid(
                f"{each.name} is {given!r} and was {before.get(each.name)!r} when this training "
                "began; set it back, or begin in another folder.",
                each.name,
            )
    if state.info[begun.source]["digest"] != begun.digest:
        raise StateDamaged(begun.other)
