"""The training loop."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.optim import Optimizer

from models_app.training.ahead import Fed, Mark
from models_app.training.config import TrainConfig
from models_app.training.dropout import keep_masks
from models_app.training.errors import Diverged
from models_app.training.loader import Batch, Loader
from models_app.training.losses.balance import Balance
from models_app.training.networks import PretextNetwork
from models_app.training.objective import Objective
from models_app.training.optimising import gradients_finite, learning_rate, learning_rate_set
from models_app.training.position import Position
from models_app.training.pretext.building import Pretext
from models_app.training.processes import Processes
from models_app.training.reports import Reports
from models_app.training.seeds import derive
from models_app.training.statistics import BatchStatistics
from models_app.training.steps.stepper import Stepper
from models_app.training.stopwatch import Stopwatch, memory_mb


class Feed(Protocol):
    """Yields the batches of an epoch with their pictures."""

    def __call__(self, epoch: int, start: int, mark: Mark) -> Generator[Fed]:
        """Begin with the batch of this number; `mark` is told what the time goes into."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All that a training is made of; `assembly` builds it.

    Attributes
    ----------
    validate
        Returns the scalars of the validation photos; those of the best epoch are remembered by
        `validation/total` or `rank_accuracy/all`.
    save, save_best
        Write the state, or the weights of the best epoch, of all processes; called by each.
    """

    config: TrainConfig
    pretext: Pretext
    network: PretextNetwork
    balance: Balance
    statistics: BatchStatistics
    stepper: Stepper
    optimiser: Optimizer
    loader: Loader
    fed: Feed
    reports: Reports
    processes: Processes
    device: torch.device
    validate: Callable[[], Mapping[str, float]]
    save: Callable[[Position], None]
    save_best: Callable[[Position], None]


def train(
    parts: Parts,
    position: Position,
    *,
    should_stop: Callable[[], bool],
    max_steps: int | None = None,
) -> bool:
    """Train from a position to the end of the last epoch, or until told to stop.

    Returns
    -------
    bool
        Whether it is finished; if not, its state is saved and another call goes on from there.

    Raises
    ------
    Diverged
        After too many steps in a row whose losses or gradients are not finite.
    MemoryShort, PhotosUnusable
        As the stepper and the loader say.
    """
    config, network, processes = parts.config, parts.network, parts.processes
    clock = Stopwatch(parts.device)
    while position.epoch < config.epochs:
        rate = learning_rate(config, position.epoch)
        learning_rate_set(parts.optimiser, rate)
        network.train()
        fed = parts.fed(position.epoch, position.batch, clock.mark)
        for batch, pictures in fed:
            if processes.agree(pictures is None) or pictures is None:
                # A process without a photo has no gradients to average.
                position.batch = batch.number + 1
                continue

            # All that a step draws depends on the seed and its number: nothing is lost with it.
            torch.manual_seed(derive(config.seed, "step", position.step, processes.rank))
            network.train_layers(heads_only=position.step < config.warmup_steps)
            objective = Objective(parts.pretext.terms, parts.balance, processes, len(batch))
            parts.stepper.step(
                pictures,
                _keep(parts, batch, position.step),
                objective,
                step=position.step,
                first=batch.places[0],
                mark=clock.mark,
            )
            if not parts.stepper.averaged:
                processes.average(network.parameters())
            values, finite = objective.read(gradients_finite(network.parameters()))
            if finite:
                parts.optimiser.step()
                parts.statistics.commit(processes.sums)
            else:
                parts.statistics.drop()
            position.step_done(batch.number, finite=finite)
            clock.count(photos=len(batch), pictures=pictures.shape[0] * pictures.shape[1])
            clock.mark("other")
            _report(parts, position, {**values, "learning_rate": rate}, clock)
            _check_finite(config, position)

            stop = processes.agree(should_stop() or _reached(position, max_steps))
            if stop or position.step % config.save_steps == 0:
                parts.save(position)
            if stop:
                fed.close()
                return False
            clock.mark("other")
        position.epoch_done()
        if position.epoch % config.validate_epochs == 0 or position.epoch == config.epochs:
            _validate(parts, position)
        parts.save(position)
        clock.mark("other")
    return True


def _keep(parts: Parts, batch: Batch, step: int) -> Tensor | None:
    return keep_masks(
        probability=parts.pretext.dropout,
        seed=parts.config.seed,
        step=step,
        places=batch.places,
        views=parts.pretext.views.count,
        features=parts.network.width,
        device=parts.device,
    )


def _report(
    parts: Parts, position: Position, values: Mapping[str, float], clock: Stopwatch
) -> None:
    if not parts.processes.first:
        return
    rate = values["learning_rate"]
    heads_only = position.step <= parts.config.warmup_steps
    parts.reports.scalars(
        position.step,
        {
            **values,
            **clock.read(processes=parts.processes.count),
            "learning_rate": 0.0 if heads_only else rate,
            "learning_rate/heads": rate,
            "memory/mb": memory_mb(parts.device),
            "skipped_steps": position.skipped,
            "unreadable_photos": len(position.unreadable),
        },
    )
    size = parts.config.photos_per_batch
    done = position.epoch * parts.loader.photos + min(position.batch * size, parts.loader.photos)
    parts.reports.progress(done, parts.config.epochs * parts.loader.photos)


def _check_finite(config: TrainConfig, position: Position) -> None:
    if position.bad_steps > config.max_bad_steps:
        raise Diverged(
            f"{position.bad_steps} steps in a row had losses or gradients that are not finite, "
            f"and max_bad_steps allows {config.max_bad_steps}; lower learning_rate, take "
            "precision fp32, or another balance, and start from the last intact state."
        )


def _validate(parts: Parts, position: Position) -> None:
    parts.reports.stage("validating")
    values = dict(parts.validate())
    parts.network.train()
    by_rank = parts.config.select_by == "rank_accuracy"
    value = -values["rank_accuracy/all"] if by_rank else values["validation/total"]
    if parts.processes.first:
        parts.reports.scalars(position.step, values)
        parts.reports.stage("")
    if position.is_best(value):
        parts.save_best(position)


def _reached(position: Position, max_steps: int | None) -> bool:
    return max_steps is not None and position.step >= max_steps
