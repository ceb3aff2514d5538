"""From gradients to steps: optimiser, learning rates, warm-up."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from models_app.training.config import TrainConfig

HEADS = "heads"
BACKBONE = "backbone"
BALANCE = "balance"


def optimiser_build(
    config: TrainConfig, network: nn.Module, balance: nn.Module, *, fused: bool
) -> Optimizer:
    """Return the optimiser over backbone, heads and learnt balance, one group each.

    Parameters
    ----------
    network
        With the children `backbone` and `heads`; layers that do not train never get a gradient,
        and an optimiser leaves those alone.
    balance
        Its parameters learn without weight decay, which would pull every weight to 1.
    fused
        Whether all weights are updated in one kernel, where the optimiser can; for GPUs.
    """
    groups: list[dict[str, Any]] = [
        {"params": list(network.get_submodule(name).parameters()), "name": name}
        for name in (BACKBONE, HEADS)
    ]
    if learnt := list(balance.parameters()):
        groups.append({"params": learnt, "name": BALANCE, "weight_decay": 0.0})
    rate, decay, momentum = config.learning_rate, config.weight_decay, config.momentum
    if config.optimiser == "rmsprop":
        # Has no fused form; foreach updates all weights in a few kernels.
        return torch.optim.RMSprop(
            groups, rate, config.alpha, weight_decay=decay, momentum=momentum, foreach=True
        )
    return optimiser_of(
        config.optimiser, groups, rate=rate, decay=decay, momentum=momentum, fused=fused
    )


def optimiser_of(
    name: str,
    groups: list[dict[str, Any]],
    *,
    rate: float,
    decay: float,
    momentum: float,
    fused: bool,
) -> Optimizer:
    """Return one of `options.common.OPTIMISERS` over groups of weights; SGD alone has momentum."""
    match name:
        case "adam":
            return torch.optim.Adam(groups, rate, weight_decay=decay, fused=fused)
        case "adamw":
            return torch.optim.AdamW(groups, rate, weight_decay=decay, fused=fused)
        case _:
            return torch.optim.SGD(groups, rate, momentum, weight_decay=decay, fused=fused)


def optimiser_load(optimiser: Optimizer, state: dict[str, Any]) -> None:
    """Let an optimiser go on with what a state holds of it."""
    optimiser.load_state_dict(state)
    # As it was made beside the weights: files know no memory format.
    for held in optimiser.state.values():
        for name, value in held.items():
            if isinstance(value, Tensor) and value.ndim == 4:
                held[name] = value.contiguous(memory_format=torch.channels_last)


def learning_rate(config: TrainConfig, epoch: int) -> float:
    """Return the learning rate of an epoch, counted from 0.

    `released` multiplies by factor^(e + 1) on entering epoch e, as the released program's
    MultiplicativeLR does: with 0.9, epoch 10 has 1e-4 x 0.9^65, about 1e-7.
    """
    first, factor = config.learning_rate, config.decay
    match config.schedule:
        case "exponential":
            return first * factor**epoch
        case "released":
            return first * factor ** (epoch * (epoch + 3) // 2)
        case "cosine":
            return first * (1 + math.cos(math.pi * epoch / config.epochs)) / 2
        case _:
            return first


def learning_rate_set(optimiser: Optimizer, rate: float) -> None:
    """Give every group this learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def gradients_finite(parameters: Iterable[nn.Parameter]) -> torch.Tensor:
    """Return whether all gradients are finite, as a bool on their device; no synchronisation."""
    found = [each.grad for each in parameters if each.grad is not None]
    if not found:
        return torch.tensor(True)
    # A norm is not finite where any element is not; one kernel for all of them.
    norms = torch._foreach_norm(found, math.inf)
    return torch.isfinite(torch.stack(list(norms))).all()
