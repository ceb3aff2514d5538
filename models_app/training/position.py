"""How far a training is: all that decides what comes next, beside weights and optimiser."""

from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any, Self


@dataclass(slots=True, kw_only=True)
class Progress:
    """Where any training stands; saved with every state.

    Attributes
    ----------
    step
        Steps done, also skipped ones.
    epoch, batch
        Epochs done, and batches done of the next one.
    best, best_epoch
        The best validation value so far, lower being better, and its epoch, counted from 1; None
        before the first.
    bad_steps, skipped
        Steps in a row that were not finite, and all of them.
    unreadable
        Photos that could not be read: name and reason.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    best: float | None = None
    best_epoch: int | None = None
    bad_steps: int = 0
    skipped: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Build it from what `to_json` gave."""
        return cls(**raw)

    def step_done(self, batch: int, *, finite: bool) -> None:
        """Count a step over the batch of this number; one that is not finite changed nothing."""
        self.step += 1
        self.batch = batch + 1
        self.skipped += not finite
        self.bad_steps = 0 if finite else self.bad_steps + 1

    def reached(self, max_steps: int | None) -> bool:
        """Tell whether so many steps are done; None: as many as it takes."""
        return max_steps is not None and self.step >= max_steps


@dataclass(slots=True, kw_only=True)
class Position(Progress):
    """Where a pretraining stands.

    Attributes
    ----------
    choice
        How steps are computed, as `steps.choosing` found it; a resumed run goes on with it,
        since sums in another order have other last digits.
    device
        What it was found on: on another one it is found anew.
    """

    choice: dict[str, Any] | None = None
    device: str = ""

    def epoch_done(self) -> None:
        """Go on to the first batch of the next epoch."""
        self.epoch += 1
        self.batch = 0

    def is_best(self, value: float) -> bool:
        """Remember a validation value, lower being better, if it is finite and the best so far."""
        if not isfinite(value) or (self.best is not None and value >= self.best):
            return False
        self.best, self.best_epoch = value, self.epoch
        return True
