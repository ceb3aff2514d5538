"""What one step computes, whichever way."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from models_app.training.networks import Groups

Objective = Callable[[dict[str, Tensor]], Tensor]
"""From the outputs of every term, float32 [B, V, K], to the scalar that is made smaller.

It may be called again for the same step, where memory ran out half-way.
"""

Mark = Callable[[str], None]
"""Told what the time since the last mark went into: forward or backward."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One step.

    Attributes
    ----------
    pictures
        uint8 [N, 3, side, side], photo by photo.
    keep
        [N, F] for the heads, or None.
    photos
        How many: B.
    groups
        Which pictures go through the backbone together.
    forward
        From number and pictures of a group to features; seeds what the backbone draws.
    record
        Told how many pictures the forward had that has just been, if its statistics count.
    """

    pictures: Tensor
    keep: Tensor | None
    photos: int
    groups: Groups
    objective: Objective
    forward: Callable[[int, Tensor], Tensor]
    record: Callable[[int], None]
    mark: Mark

    def first(self, number: int, pictures: Tensor) -> Tensor:
        """Return the features of a group; its statistics count."""
        found = self.forward(number, pictures)
        self.record(len(pictures))
        return found

    def judged(self, outputs: dict[str, Tensor]) -> Tensor:
        """Return the objective of outputs [N, K]."""
        return self.objective(
            {key: each.unflatten(0, (self.photos, -1)) for key, each in outputs.items()}
        )
