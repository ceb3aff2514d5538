"""The loop of a fine-tuning."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from models_app.training.errors import Diverged
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.feeding import Batch, Feeding
from models_app.training.finetuning.measuring import Measuring
from models_app.training.finetuning.position import Position
from models_app.training.finetuning.saving import Saving
from models_app.training.finetuning.schedule import BACKBONE, HEAD, epoch_judge, rates, rates_set
from models_app.training.finetuning.stepping import Stepper
from models_app.training.finetuning.stopping import Stopped
from models_app.training.processes import Processes
from models_app.training.reports import Reports
from models_app.training.stopwatch import Stopwatch, memory_mb


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """All that a fine-tuning is made of; `assembly` builds it.

    Attributes
    ----------
    features
        Returns those of all pictures, as the backbone is; None where they are not kept.
    """

    config: FinetuneConfig
    stepper: Stepper
    feeding: Feeding
    measuring: Measuring
    features: Callable[[], Tensor | None]
    saving: Saving
    reports: Reports
    processes: Processes
    device: torch.device


def tune(
    parts: Tuning,
    position: Position,
    *,
    should_stop: Callable[[], bool],
    max_steps: int | None = None,
) -> bool:
    """Train from a position until nothing improves any more, or until told to stop.

    Returns
    -------
    bool
        Whether it is finished; if not, its state is saved and another call goes on from there.

    Raises
    ------
    Diverged
        After too many steps in a row whose loss or gradients are not finite.
    """
    config, clock = parts.config, Stopwatch(parts.device)
    features: Tensor | None = None
    try:
        while not position.stopped_early and position.epoch < config.max_epochs:
            if not position.frozen:
                features = None
            elif features is None:
                features = parts.features()
            if not _epoch(parts, position, features, clock, should_stop, max_steps):
                return False
            _epoch_close(parts, position, features)
    except Stopped:
        parts.saving.state(position)
        return False
    return True


def _epoch(
    parts: Tuning,
    position: Position,
    features: Tensor | None,
    clock: Stopwatch,
    should_stop: Callable[[], bool],
    max_steps: int | None,
) -> bool:
    """Go through the batches of an epoch that are left; return whether it came to the end."""
    rates_set(parts.stepper.optimiser, rates(parts.config, position))
    fed = parts.feeding.epoch(position.epoch, position.batch, position.step, features)
    try:
        clock.mark("other")
        for batch in fed:
            if parts.processes.agree(should_stop() or position.reached(max_steps)):
                parts.saving.state(position)
                return False
            _step(parts, position, batch, features is not None, clock)
            if position.step % parts.config.save_steps == 0:
                parts.saving.state(position)
            clock.mark("other")
    finally:
        _close(fed)
    return True


def _step(parts: Tuning, position: Position, batch: Batch, kept: bool, clock: Stopwatch) -> None:
    began = perf_counter()
    value, finite = parts.stepper.step(
        batch, step=position.step, frozen=position.frozen, kept=kept, clock=clock
    )
    position.step_done(batch.number, finite=finite)
    position.images += batch.total
    position.seconds += perf_counter() - began
    if finite:
        position.loss_sum += value * batch.total
        position.loss_photos += batch.total
    clock.count(photos=batch.own, pictures=batch.own)
    _report(parts, position, value, clock)
    if position.bad_steps > parts.config.max_bad_steps:
        raise Diverged(
            f"{position.bad_steps} steps in a row had a loss or gradients that are not finite, "
            f"and max_bad_steps allows {parts.config.max_bad_steps}; begin in another folder with "
            "lower learning rates, or with precision fp32."
        )


def _report(parts: Tuning, position: Position, value: float, clock: Stopwatch) -> None:
    speeds = clock.read(processes=parts.processes.count)
    if not parts.processes.first:
        return
    now = rates(parts.config, position)
    parts.reports.scalars(
        position.step,
        {
            "loss/total": value,
            **speeds,
            "learning_rate": 0.0 if position.frozen else now[BACKBONE],
            "learning_rate/heads": now[HEAD],
            "memory/mb": memory_mb(parts.device),
            "skipped_steps": position.skipped,
            "unreadable_photos": len(position.unreadable),
        },
    )
    photos = len(parts.feeding.rows)
    done = position.epoch * photos + parts.feeding.done(position.batch)
    parts.reports.progress(done, parts.config.max_epochs * photos)


def _epoch_close(parts: Tuning, position: Position, features: Tensor | None) -> None:
    """Validate, and decide what comes next. Raises Stopped with the position before it."""
    if parts.processes.first:
        parts.reports.stage("validating")
    predicted = parts.measuring.distributions(
        frozen=position.frozen, epoch=position.epoch, features=features
    )
    found = parts.measuring.scalars(predicted)
    position.epoch += 1
    row: dict[str, Any] = {
        "epoch": position.epoch,
        "step": position.step,
        "frozen": position.frozen,
        "learning_rates": rates(parts.config, position),
        "train_loss": position.loss_sum / position.loss_photos if position.loss_photos else None,
        # As states and results hold it: JSON has no word for what is not finite.
        "validation": {name: value if isfinite(value) else None for name, value in found.items()},
    }
    position.curves.append(row)
    position.batch, position.loss_sum, position.loss_photos = 0, 0.0, 0
    was_frozen = position.frozen
    best = epoch_judge(parts.config, position, found["total"])
    if parts.processes.first:
        values = {f"validation/{name}": value for name, value in found.items()}
        parts.reports.scalars(position.step, values | {"epoch": position.epoch})
        parts.reports.stage("")
        if was_frozen and not position.frozen:
            parts.reports.log(f"After epoch {position.epoch} all layers that may learn are free.")
    if best:
        parts.saving.best(position)
    parts.saving.state(position)


def _close(fed: Iterator[Batch]) -> None:
    # A generator has threads that end with it; a map has none.
    with suppress(AttributeError):
        fed.close()  # type: ignore[attr-defined]
