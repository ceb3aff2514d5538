"""How far a fine-tuning is: all that decides what comes next, beside weights and optimiser."""

from dataclasses import dataclass, field
from typing import Any

from models_app.training.position import Progress


@dataclass(slots=True, kw_only=True)
class Position(Progress):
    """Where a fine-tuning stands.

    Attributes
    ----------
    frozen
        Whether the new layer learns alone.
    unfrozen_after
        Epochs after which the others were set free; None before, and where they never were frozen.
    idle
        Epochs since the validation loss was lower than ever, or since layers were set free.
    steady
        The same, or since learning rates were lowered.
    factor
        By which learning rates are lowered by now.
    stopped_early
        Whether it ended because nothing improved any more.
    images, seconds
        Photos that went through training steps, and how long those took.
    loss_sum, loss_photos
        Of the epoch so far: the loss times the photos of each step, and those photos.
    kept
        Whether features of a frozen backbone are kept; None before that was decided.
    curves
        A row an epoch: epoch, frozen, learning rates, losses, what was measured in validation;
        None where that was not finite.
    """

    frozen: bool = True
    unfrozen_after: int | None = None
    idle: int = 0
    steady: int = 0
    factor: float = 1.0
    stopped_early: bool = False
    images: int = 0
    seconds: float = 0.0
    loss_sum: float = 0.0
    loss_photos: int = 0
    kept: bool | None = None
    curves: list[dict[str, Any]] = field(default_factory=list)
