"""The training loop."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.optim import Optimizer

from models_app.training.ahead import Fed, Mark
from models_app.training.config import TrainConfig
from models_app.training.data import Unreadable
from models_app.training.dropout import keep_masks
from models_app.training.errors import Diverged, PhotosUnusable
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
    chosen
        Returns how steps are computed, as JSON; None before the first.
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
    unreadable: Unreadable
    fed: Feed
    reports: Reports
    processes: Processes
    device: torch.device
    validate: Callable[[], Mapping[str, float]]
    chosen: Callable[[], object]
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
    PhotosUnusable
        As the loader says, and if no photo of an epoch could be read.
    MemoryShort
        As the stepper says.
    """
    config, processes, clock = parts.config, parts.processes, Stopwatch(parts.device)
    steps = config.epochs * len(parts.loader)
    if config.warmup_steps >= steps:
        parts.reports.log(
            f"All {steps} steps are warm-up, in which only the heads learn; lower warmup_steps."
        )
    while position.epoch < config.epochs:
        learning_rate_set(parts.optimiser, learning_rate(config, position.epoch))
        fed = parts.fed(position.epoch, position.batch, clock.mark)
        for batch, pictures in fed:
            if processes.agree(should_stop() or position.reached(max_steps)):
                parts.save(position)
                fed.close()
                return False
            if processes.total(len(batch)):
                values, finite = _step(parts, position, batch, pictures, clock)
                position.step_done(batch.number, finite=finite)
                clock.mark("other")
                _report(parts, position, values, clock)
                _check_finite(config, position)
            position.batch = batch.number + 1
            # A choice that was measured would be another one the next time.
            if position.step % config.save_steps == 0 or position.choice != parts.chosen():
                parts.save(position)
            clock.mark("other")
        _check_learnt(position)
        position.epoch_done()
        if position.epoch % config.validate_epochs == 0 or position.epoch == config.epochs:
            _validate(parts, position)
        parts.save(position)
        clock.mark("other")
    return True


def _step(
    parts: Parts, position: Position, batch: Batch, pictures: Tensor | None, clock: Stopwatch
) -> tuple[dict[str, float], bool]:
    """Forward, loss, backward, and the step itself if all is finite; return what to tell of it."""
    config, network, processes = parts.config, parts.network, parts.processes
    places = batch.places
    if pictures is None:
        # The others need this process for their averages; its black picture has no weight.
        pictures, places = _black(parts), [0]
    network.train()
    network.train_layers(heads_only=position.step < config.warmup_steps)
    # All that a step draws depends on the seed and its number: nothing is lost with it.
    torch.manual_seed(derive(config.seed, "step", position.step, processes.rank))
    objective = Objective(parts.pretext.terms, parts.balance, processes, len(batch))
    parts.stepper.step(
        pictures,
        _keep(parts, places, position.step),
        objective,
        step=position.step,
        places=places,
        weight_statistics=len(batch) > 0,
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
    clock.count(photos=len(batch), pictures=len(batch) * pictures.shape[1])
    return values, finite


def _black(parts: Parts) -> Tensor:
    shape = (1, parts.pretext.views.count, 3, parts.config.side, parts.config.side)
    return torch.zeros(shape, dtype=torch.uint8, device=parts.device)


def _keep(parts: Parts, places: Sequence[int], step: int) -> Tensor | None:
    return keep_masks(
        probability=parts.pretext.dropout,
        seed=parts.config.seed,
        step=step,
        places=places,
        views=parts.pretext.views.count,
        features=parts.network.width,
        device=parts.device,
    )


def _report(
    parts: Parts, position: Position, values: Mapping[str, float], clock: Stopwatch
) -> None:
    speeds = clock.read(processes=parts.processes.count)
    if not parts.processes.first:
        return
    rate = parts.optimiser.param_groups[0]["lr"]
    heads_only = position.step <= parts.config.warmup_steps
    parts.reports.scalars(
        position.step,
        {
            **values,
            **speeds,
            "learning_rate": 0.0 if heads_only else rate,
            "learning_rate/heads": rate,
            "memory/mb": memory_mb(parts.device),
            "skipped_steps": position.skipped,
            "unreadable_photos": len(parts.unreadable.snapshot()),
        },
    )
    size = parts.config.photos_per_batch
    done = position.epoch * parts.loader.photos + min(position.batch * size, parts.loader.photos)
    parts.reports.progress(done, parts.config.epochs * parts.loader.photos)


def _check_finite(config: TrainConfig, position: Position) -> None:
    if position.bad_steps > config.max_bad_steps:
        raise Diverged(
            f"{position.bad_steps} steps in a row had losses or gradients that are not finite, "
            f"and max_bad_steps allows {config.max_bad_steps}; begin in another folder with a "
            "lower learning_rate, precision fp32 or another balance (weights may be file, the "
            "best so far)."
        )


def _check_learnt(position: Position) -> None:
    if not position.step:
        raise PhotosUnusable(
            "No photo of the first epoch could be read, so nothing was learnt; replace the photos."
        )


def _validate(parts: Parts, position: Position) -> None:
    parts.reports.stage("validating")
    values = dict(parts.validate())
    by_rank = parts.config.select_by == "rank_accuracy"
    value = -values["rank_accuracy/all"] if by_rank else values["validation/total"]
    if parts.processes.first:
        parts.reports.scalars(position.step, values)
        parts.reports.stage("")
    if position.is_best(value):
        parts.save_best(position)
