"""A whole pretraining: from a configuration and photos to the best weights and their measure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from models_app.training import frame
from models_app.training.allocator import StepMemory
from models_app.training.assembly import Assembled, assemble
from models_app.training.checkpoint import State, best_load
from models_app.training.config import TrainConfig
from models_app.training.data import Photos
from models_app.training.errors import MemoryShort, PhotosUnusable
from models_app.training.frame import RESULTS, company, reports_written
from models_app.training.going_on import state_found
from models_app.training.loop import train
from models_app.training.measured import Measured
from models_app.training.position import Position
from models_app.training.processes import Processes
from models_app.training.reports import Reports
from models_app.training.results import results_make
from models_app.training.resuming import begun_with
from models_app.training.seeds import derive
from models_app.training.site import Site
from models_app.training.split import Split, split_make
from models_app.training.steps.choosing import memory_short
from models_app.training.steps.memory import memory_available, shortage_told
from models_app.training.writing import results_write


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(frame.Outcome):
    """How a call of `pretrain` ended.

    Attributes
    ----------
    position
        How far it is.
    split
        Which photos it learnt from.
    """

    position: Position
    split: Split


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
        Asked before every step.
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
    processes, told, device = company(config.device, reports, processes)
    split = split_make(photos, config, base=base)
    begun = begun_with(config, split)
    state = state_found(folder, begun, told, resume=resume, processes=processes)
    at = Site(
        photos=photos,
        split=split,
        folder=folder,
        reports=told,
        processes=processes,
        device=device,
        saved=saved,
    )
    # Left when the network is gone, so that its memory goes back as well.
    with StepMemory(device, told.log) as memory:
        return _trained(config, at, state, memory, should_stop, max_steps)


def _trained(
    config: TrainConfig,
    at: Site,
    state: State | None,
    memory: StepMemory,
    should_stop: Callable[[], bool],
    max_steps: int | None,
) -> Outcome:
    made = assemble(config, at, state)
    # Nothing is written before all is known to fit together, nor while another process reads.
    at.processes.agree(False)
    position = made.position

    def asked() -> bool:
        memory.before_step(position.step, position.step >= config.warmup_steps)
        return should_stop()

    def short() -> MemoryShort:
        what = "more than there is besides its network"
        return memory_short(config, what, memory_available(at.device))

    tensorboard = config.tensorboard
    with reports_written(config, at, state, tensorboard=tensorboard) as told, shortage_told(short):
        made = replace(made, parts=replace(made.parts, reports=told))
        return _run(made, at, state is not None, asked, max_steps)


def _run(
    made: Assembled,
    at: Site,
    resumed: bool,
    should_stop: Callable[[], bool],
    max_steps: int | None,
) -> Outcome:
    reports, split = made.parts.reports, at.split
    for note in () if resumed else split.notes:
        reports.log(note)
    reports.log(
        f"{len(split.train)} photos train, {len(split.validation)} validate, "
        f"{len(split.test)} test (split {split.method}); initial weights: {made.origin.text}."
    )
    finished = train(made.parts, made.position, should_stop=should_stop, max_steps=max_steps)
    results = _results(made, at) if finished else None
    made.position.unreadable = made.parts.unreadable.snapshot()
    return Outcome(
        state="finished" if finished else "stopped",
        position=made.position,
        split=split,
        best=at.best,
        results=results,
    )


def _results(made: Assembled, at: Site) -> dict[str, Any]:
    """Measure the best weights on the test photos, or on those of validation where none are."""
    reports, config, chart = made.parts.reports, made.parts.config, made.parts.pretext.chart
    reports.stage("measuring the best weights")
    found = best_load(at.folder)
    if found is not None:
        made.parts.network.load_state_dict(found[0], strict=True)
    name, measured = _measured(made, at)
    results = results_make(
        measured,
        config=config,
        chart=chart,
        origin=made.origin.to_json(),
        split=name,
        rng=np.random.default_rng(derive(config.seed, "intervals")),
        best_epoch=made.position.best_epoch,
        steps=made.position.step,
    )
    if at.processes.first:
        results_write(results, at.folder / RESULTS, measured=measured, chart=chart, log=reports.log)
    reports.stage("")
    return results


def _measured(made: Assembled, at: Site) -> tuple[str, Measured]:
    if at.split.test:
        try:
            return "test", made.measure(at.split.test, keep=True)
        except PhotosUnusable:
            made.parts.reports.log("No test photo could be read; the validation photos stand in.")
    return "validation", made.measure(at.split.validation, keep=True)
