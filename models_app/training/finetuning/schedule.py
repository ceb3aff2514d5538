"""When layers are set free, learning rates are lowered and a fine-tuning ends."""

from math import isfinite

from torch.optim import Optimizer

from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.position import Position

BACKBONE, HEAD = "backbone", "head"
"""Names of the optimiser's groups."""


def begin_frozen(config: FinetuneConfig) -> bool:
    """Tell whether the new layer begins alone."""
    return config.trainable == "head" or config.freeze == "plateau"


def epoch_judge(config: FinetuneConfig, position: Position, loss: float) -> bool:
    """Take the validation loss of the epoch that is done, and decide what the next one is.

    The first plateau sets frozen layers free, with the learning rates at their first values; the
    later ones lower these. It ends after `stop_patience` epochs without a better loss, never
    while layers are yet to be set free. Who decides is the loss alone: not the initial weights,
    their number or the share of labels.

    Returns
    -------
    bool
        Whether this epoch is the best so far.
    """
    best = position.best
    better = isfinite(loss) and (best is None or loss < best - config.min_delta)
    if better:
        position.best, position.best_epoch = loss, position.epoch
        position.idle = position.steady = 0
    else:
        position.idle += 1
        position.steady += 1
    if position.frozen and config.trainable != "head":
        last = 0 < config.freeze_epochs <= position.epoch
        if position.idle >= config.freeze_patience or last:
            position.frozen, position.unfrozen_after = False, position.epoch
            position.idle = position.steady = 0
    elif position.idle >= config.stop_patience:
        position.stopped_early = True
    elif position.steady >= config.halve_patience:
        position.factor *= config.halve_factor
        position.steady = 0
    return better


def rates(config: FinetuneConfig, position: Position) -> dict[str, float]:
    """Return the learning rate by group."""
    return {
        BACKBONE: config.learning_rate * position.factor,
        HEAD: config.head_learning_rate * position.factor,
    }


def rates_set(optimiser: Optimizer, wanted: dict[str, float]) -> None:
    """Give each group its learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = wanted[group["name"]]
