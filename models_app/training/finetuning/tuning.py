"""A whole fine-tuning: from a configuration and labelled photos to the best weights."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from models_app.training import frame
from models_app.training.allocator import StepMemory
from models_app.training.checkpoint import State, best_load
from models_app.training.data import names_list
from models_app.training.devices import device_name
from models_app.training.errors import Diverged, MemoryShort
from models_app.training.finetuning.assembly import Begun, assemble, begin, pictures_of
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.data import Labelled, Members, Parts, parts_make
from models_app.training.finetuning.loop import Tuning, tune
from models_app.training.finetuning.measuring import constant_measures
from models_app.training.finetuning.position import Position
from models_app.training.finetuning.results import results_make, results_write
from models_app.training.finetuning.resuming import begun_with
from models_app.training.finetuning.site import Site
from models_app.training.finetuning.stopping import Stopped
from models_app.training.frame import RESULTS, company, reports_written
from models_app.training.going_on import state_found
from models_app.training.processes import Processes
from models_app.training.reports import Reports
from models_app.training.steps.memory import shortage_told


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(frame.Outcome):
    """How a call of `finetune` ended.

    Attributes
    ----------
    best
        As in every training; `networks.checkpoints.checkpoint_load` reads it.
    position
        How far it is.
    parts
        Which photos it learnt from.
    """

    position: Position
    parts: Parts


def finetune(
    config: FinetuneConfig,
    labelled: Labelled,
    members: Members,
    folder: Path,
    *,
    resume: bool = False,
    reports: Reports | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    max_steps: int | None = None,
    saved: Callable[[Path], None] = lambda path: None,
    processes: Processes | None = None,
) -> Outcome:
    """Teach a network to judge photos, and keep the weights that are best on the validation part.

    Parameters
    ----------
    config
        How it learns; stored in every state.
    labelled
        The photos with their labels.
    members
        Names by part: `LabelSplit.members`.
    folder
        Of the run: states, best weights, numbers, results.
    resume
        Whether to go on from the newest intact state in the folder; without one it begins.
    reports
        Told what happens; a file `metrics.jsonl` is written besides.
    should_stop
        Asked before every step, and while photos are decoded and measured.
    max_steps
        Of the whole training; it stops there, and another call may go on.
    saved
        Called with the folder of every state.
    processes
        Where several train together.

    Raises
    ------
    TrainingError, NetworkError
        With one sentence for the person.
    """
    processes, told, device = company(config.device, reports, processes)
    parts = parts_make(labelled, members, config)
    begun = begun_with(config, parts)
    state = state_found(folder, begun, told, resume=resume, processes=processes)
    # Left when the network is gone, so that its memory goes back as well.
    with StepMemory(device, told.log) as memory:
        at = Site(
            labelled=labelled,
            parts=parts,
            folder=folder,
            reports=told,
            processes=processes,
            device=device,
            saved=saved,
            should_stop=should_stop,
            memory=memory,
        )
        return _tuned(config, at, state, max_steps)


def _tuned(config: FinetuneConfig, at: Site, state: State | None, max_steps: int | None) -> Outcome:
    begun = begin(config, at, state)
    # Nothing is written before all is known to fit together, nor while another process reads.
    at.processes.agree(False)

    def short() -> MemoryShort:
        return _memory_short(config, at.device)

    with reports_written(config, at, state) as told, shortage_told(short):
        return _run(config, replace(at, reports=told), begun, max_steps, state is not None)


def _run(
    config: FinetuneConfig, at: Site, begun: Begun, max_steps: int | None, resumed: bool
) -> Outcome:
    position = begun.position

    def asked() -> bool:
        at.memory.before_step(position.step, position.frozen)
        return at.should_stop()

    _tell(at, begun, resumed)
    try:
        pictures = pictures_of(config, at, begun)
    except Stopped:
        # Nothing was learnt since the state, or since the beginning.
        return _outcome(at, begun, None)
    try:
        made = assemble(config, at, begun, pictures)
        finished = tune(made, position, should_stop=asked, max_steps=max_steps)
        results = _results(config, at, begun, made) if finished else None
    finally:
        pictures.close()
    return _outcome(at, begun, results)


def _outcome(at: Site, begun: Begun, results: dict[str, Any] | None) -> Outcome:
    return Outcome(
        state="stopped" if results is None else "finished",
        position=begun.position,
        parts=at.parts,
        best=at.best,
        results=results,
    )


def _tell(at: Site, begun: Begun, resumed: bool) -> None:
    parts = at.parts
    share = f" of {parts.available}" if len(parts.train) < parts.available else ""
    at.reports.log(
        f"{len(parts.train)}{share} photos train, {len(parts.validation)} validate; initial "
        f"weights: {begun.origin.text}."
    )
    if parts.missing and not resumed:
        at.reports.log(
            f"Names in the parts without a photo here: {len(parts.missing)} "
            f"({names_list(list(parts.missing))})."
        )


def _results(config: FinetuneConfig, at: Site, begun: Begun, made: Tuning) -> dict[str, Any]:
    """Measure the best weights on the validation photos, by which they were chosen."""
    made.reports.stage("measuring the best weights")
    found = best_load(at.folder) if at.processes.first else None
    found = cast("tuple[dict[str, Tensor], dict[str, Any]] | None", at.processes.from_first(found))
    if found is None:
        raise Diverged(
            "The validation loss never was a finite number, so there are no best weights; begin "
            "in another folder with lower learning rates, or with precision fp32."
        )
    begun.network.load_state_dict(found[0], strict=True)
    # Not the features that may be kept: the weights are others now.
    position = Position.from_json(found[1]["position"])
    predicted = made.measuring.distributions(
        frozen=position.frozen, epoch=position.epoch - 1, features=None
    )
    results = results_make(
        config,
        at.parts,
        begun.position,
        origin=begun.origin,
        preprocessing=begun.preprocessing,
        measured=made.measuring.scalars(predicted),
        constant=constant_measures(
            made.feeding.truth.double().numpy(), made.measuring.truth, root=config.emd_root
        ),
        device=device_name(at.device),
    )
    if at.processes.first:
        results_write(
            results,
            at.folder / RESULTS,
            names=made.measuring.names,
            predicted=predicted,
            truth=made.measuring.truth,
            log=made.reports.log,
        )
    made.reports.stage("")
    return results


def _memory_short(config: FinetuneConfig, device: torch.device) -> MemoryShort:
    what = "GPU" if device.type == "cuda" else "machine"
    return MemoryShort(
        f"A step of {config.chunk_images or config.batch} photos of side {config.side} needs more "
        f"memory than this {what} has left; lower batch or side, or set chunk_images to fewer "
        "photos."
    )
