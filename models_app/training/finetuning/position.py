"""How far a fine-tuning is: all that decides what comes next, beside weights and optimiser."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(slots=True, kw_only=True)
class Position:
    """Where a fine-tuning stands; saved with every state.

    Attributes
    ----------
    step
        Steps done, also skipped ones.
    epoch, batch
        Epochs done, and batches done of the next one.
    frozen
        Whether the new layer learns alone.
    unfrozen_after
        Epochs after which the others were set free; None before, and where they never were frozen.
    best, best_epoch
        The lowest validation loss so far and its epoch, counted from 1; None before the first.
    idle
        Epochs since the validation loss was lower than ever, or since layers were set free.
    steady
        The same, or since learning rates were lowered.
    factor
        By which learning rates are lowered by now.
    stopped_early
        Whether it ended because nothing improved any more.
    bad_steps, skipped
        Steps in a row that were not finite, and all of them.
    images, seconds
        Photos that went through training steps, and how long those took.
    loss_sum, loss_photos
        Of the epoch so far: the loss times the photos of each step, and those photos.
    kept
        Whether features of a frozen backbone are kept; None before that was decided.
    unreadable
        Photos that could not be read: name and reason.
    curves
        A row an epoch: epoch, frozen, learning rates, losses, what was measured in validation;
        None where that was not finite.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    frozen: bool = True
    unfrozen_after: int | None = None
    best: float | None = None
    best_epoch: int | None = None
    idle: int = 0
    steady: int = 0
    factor: float = 1.0
    stopped_early: bool = False
    bad_steps: int = 0
    skipped: int = 0
    images: int = 0
    seconds: float = 0.0
    loss_sum: float = 0.0
    loss_photos: int = 0
    kept: bool | None = None
    unreadable: dict[str, str] = field(default_factory=dict)
    curves: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Build it from what `to_json` gave."""
        return cls(**raw)
