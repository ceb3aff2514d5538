"""What a fine-tuning leaves on disk while it runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch.optim import Optimizer

from models_app.networks.preprocessing import Preprocessing
from models_app.training.checkpoint import best_save, state_save
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.data import Parts
from models_app.training.finetuning.networks import JudgeNetwork, architecture_key
from models_app.training.finetuning.position import Position
from models_app.training.origins import Origin


class Saving:
    """Writes states and the best weights; only the first process has one that does.

    Parameters
    ----------
    saved
        Called with the folder of every state.
    writes
        Whether this process does.
    """

    def __init__(
        self,
        config: FinetuneConfig,
        folder: Path,
        *,
        parts: Parts,
        origin: Origin,
        preprocessing: Preprocessing,
        network: JudgeNetwork,
        optimiser: Optimizer,
        saved: Callable[[Path], None],
        writes: bool,
    ) -> None:
        self._folder, self._keep, self._writes = folder, config.keep, writes
        self._network, self._optimiser, self._saved = network, optimiser, saved
        self._info: dict[str, Any] = {
            "config": config.to_json(),
            "origin": origin.to_json(),
            "preprocessing": preprocessing.to_json(),
            "parts": {
                "digest": parts.digest,
                "train": len(parts.train),
                "available": parts.available,
                "validation": len(parts.validation),
            },
        }
        # Weights are given to others, who need not know where photos lay.
        self._shared = self._info | {"config": config.to_json_shared()}
        self._note = {
            "format": 1,
            "kind": "finetuned",
            "architecture": architecture_key(config),
            # People's judgements trained it, whatever it began with; that stands in `origin`.
            "random": False,
            **self._shared,
        }

    def state(self, position: Position) -> None:
        """Save all that going on needs."""
        if not self._writes:
            return
        path = state_save(
            self._folder,
            position.step,
            self._network.state_dict(),
            {"optimiser": self._optimiser.state_dict()},
            {**self._info, "position": position.to_json()},
            keep=self._keep,
            note=self._note,
        )
        self._saved(path)

    def best(self, position: Position) -> None:
        """Save the weights as the best so far."""
        if self._writes:
            best_save(
                self._folder,
                position.step,
                self._network.state_dict(),
                {**self._shared, "position": position.to_json()},
                note=self._note,
            )
