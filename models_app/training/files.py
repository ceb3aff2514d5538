"""The states and the best weights of any training, as its first process writes them."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from models_app.training.checkpoint import best_save, state_save
from models_app.training.configuration import Configuration
from models_app.training.frame import Workplace
from models_app.training.position import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Writes what a training leaves while it runs; processes but the first write nothing.

    Attributes
    ----------
    keep
        States.
    config, facts
        In each state, and without places on this machine in what others are given.
    marks
        Stated with weights: what they are.
    """

    at: Workplace
    keep: int
    network: nn.Module
    config: Configuration
    facts: dict[str, Any]
    marks: dict[str, Any]

    def state(self, position: Progress, training: dict[str, Any]) -> None:
        """Save all that going on needs, `training` beside the weights."""
        if not self.at.processes.first:
            return
        path = state_save(
            self.at.folder,
            position.step,
            self.network.state_dict(),
            training,
            {"config": self.config.to_json(), **self.facts, "position": position.to_json()},
            keep=self.keep,
            note=self._note(),
        )
        self.at.saved(path)

    def best(self, position: Progress) -> None:
        """Save the weights as the best so far."""
        if self.at.processes.first:
            best_save(
                self.at.folder,
                position.step,
                self.network.state_dict(),
                {**self._shared(), "position": position.to_json()},
                note=self._note(),
            )

    def _shared(self) -> dict[str, Any]:
        # Weights are given to others, who need not know where photos lay.
        return {"config": self.config.to_json_shared(), **self.facts}

    def _note(self) -> dict[str, Any]:
        return {"format": 1, **self.marks, **self._shared()}
