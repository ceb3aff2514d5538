"""A whole pretraining: from a configuration and photos to the best weights and their measure."""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from models_app.training.assembly import Assembled, assemble, device_choose, device_name
from models_app.training.checkpoint import BEST, State, best_load, state_load
from models_app.training.config import TrainConfig
from models_app.training.data import Photos
from models_app.training.durable import file_write
from models_app.training.errors import ConfigInvalid, StateDamaged, TrainingError
from models_app.training.loop import train
from models_app.training.position import Position
from models_app.training.processes import Processes
from models_app.training.reports import (
    JsonLines,
    Reports,
    Several,
    Silent,
    TensorBoardReports,
)
from models_app.training.results import results_make
from models_app.training.seeds import derive
from models_app.training.site import Site
from models_app.training.split import Split, split_make
from models_app.training.writing import results_write

RESULTS = "results"

FREE = frozenset(
    (
        *("photos", "weights_file", "download", "device", "decoders", "render_ahead"),
        *("variant_cache_mb", "max_unreadable", "max_bad_steps", "epochs", "save_steps", "keep"),
        "tensorboard",
    )
)
"""Options that a training may go on with another value of; the others decide what it has become."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call of `pretrain` ended.

    Attributes
    ----------
    state
        `stopped` where it was told to stop; then a state is saved, from which another call goes
        on.
    position
        How far it is.
    split
        Which photos it learnt from.
    best
        Folder of the best weights; None before the first validation.
    results
        As `results.json`; None where it is not finished.
    """

    state: Literal["finished", "stopped"]
    position: Position
    split: Split
    best: Path | None
    results: dict[str, Any] | None


def pretrain(
    config: TrainConfig,
    photos: Photos,
    folder: Path,
    *,
    resume: bool = False,
    reports: Reports | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    max_steps: int | None = None,
    saved: Callable[[Path], None] = lambda path: None,
    processes: Processes | None = None,
    base: Path | None = None,
) -> Outcome:
    """Train a network without labels, and measure the best one on photos it has not seen.

    Parameters
    ----------
    config
        What is learnt and how; stored in every state.
    photos
        The source; `split_make` says which of them train.
    folder
        Of the run: states, best weights, numbers, results.
    resume
        Whether to go on from the newest intact state in the folder; without one it begins.
    reports
        Told what happens; a file `metrics.jsonl` and TensorBoard's are written besides.
    should_stop
        Asked after every step.
    max_steps
        Of the whole training; it stops there, and another call may go on.
    saved
        Called with the folder of every state.
    processes
        Where several train together.
    base
        Folder that lists in the configuration are relative to.

    Raises
    ------
    TrainingError, NetworkError
        With one sentence for the person.
    """
    processes = processes or Processes()
    told = reports or Silent()
    device = device_choose(config.device, processes.local_rank)
    told.device(device_name(device))
    split = split_make(photos, config, base=base)
    state = _state(folder, config, split, told, resume=resume)
    at = Site(
        photos=photos,
        split=split,
        folder=folder,
        reports=_reports(config, folder, told, state, processes),
        processes=processes,
        device=device,
        saved=saved,
    )
    try:
        return _run(config, at, state, should_stop, max_steps)
    finally:
        if isinstance(at.reports, Several):
            at.reports.close()


def _run(
    config: TrainConfig,
    at: Site,
    state: State | None,
    should_stop: Callable[[], bool],
    max_steps: int | None,
) -> Outcome:
    made = assemble(config, at, state)
    for note in at.split.notes if state is None else ():
        at.reports.log(note)
    at.reports.log(
        f"{len(at.split.train)} photos train, {len(at.split.validation)} validate, "
        f"{len(at.split.test)} test (split {at.split.method}); initial weights: {made.origin.text}."
    )
    finished = train(made.parts, made.position, should_stop=should_stop, max_steps=max_steps)
    results = _results(made, at) if finished else None
    best = at.folder / BEST
    return Outcome(
        state="finished" if finished else "stopped",
        position=made.position,
        split=at.split,
        best=best.resolve() if best.exists() else None,
        results=results,
    )


def _results(made: Assembled, at: Site) -> dict[str, Any]:
    """Measure the best weights on the test photos, or on those of validation where none are."""
    at.reports.stage("measuring the best weights")
    found = best_load(at.folder)
    if found is not None:
        made.parts.network.load_state_dict(found[0], strict=True)
    name, indices = (
        ("test", at.split.test) if at.split.test else ("validation", at.split.validation)
    )
    measured = made.measure(indices, keep=True)
    config, chart = made.parts.config, made.parts.pretext.chart
    results = results_make(
        measured,
        config=config,
        chart=chart,
        origin=made.origin.to_json(),
        split=name,
        rng=np.random.default_rng(derive(config.seed, "intervals")),
    )
    if at.processes.first:
        results_write(
            results, at.folder / RESULTS, measured=measured, chart=chart, log=at.reports.log
        )
    at.reports.stage("")
    return results


def _state(
    folder: Path, config: TrainConfig, split: Split, reports: Reports, *, resume: bool
) -> State | None:
    def damaged(name: str, reason: str) -> None:
        reports.log(f"State {name} is damaged and passed over: {reason}.")

    state = state_load(folder, damaged=damaged) if resume else None
    if not resume and (folder / "states").exists():
        raise TrainingError(
            f"The folder {folder.name} holds a training already; go on with --resume, or name "
            "another folder."
        )
    if state is None:
        return None
    before = state.info["config"]
    for each in fields(config):
        given = getattr(config, each.name)
        if each.name not in FREE and before.get(each.name) != given:
            raise ConfigInvalid(
                f"{each.name} is {given!r} and was {before.get(each.name)!r} when this training "
                "began; set it back, or begin in another folder.",
                each.name,
            )
    if state.info["split"]["digest"] != split.digest:
        raise StateDamaged(
            "The photos are not those that this training began with, or are split otherwise; "
            "bring them back, or begin in another folder."
        )
    reports.log(f"Goes on from step {state.step}.")
    return state


def _reports(
    config: TrainConfig,
    folder: Path,
    told: Reports,
    state: State | None,
    processes: Processes,
) -> Reports:
    if not processes.first:
        return Silent()
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(config.to_json(), indent=1)
    file_write(folder / "config.json", f"{text}\n".encode())
    step = None if state is None else state.step
    all_of_them: list[Reports] = [told, JsonLines(folder / "metrics.jsonl", resumed=step)]
    if config.tensorboard:
        all_of_them.append(TensorBoardReports(folder / "tensorboard", resumed=step))
    return Several(all_of_them)
