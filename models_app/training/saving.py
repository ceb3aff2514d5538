"""What a training leaves on disk while it runs."""

from torch.optim import Optimizer

from models_app.training.checkpoint import best_save, state_save
from models_app.training.config import TrainConfig
from models_app.training.losses.balance import Balance
from models_app.training.networks import PretextNetwork
from models_app.training.origins import Origin
from models_app.training.position import Position
from models_app.training.site import Site
from models_app.training.steps.stepper import Stepper


class Saving:
    """Writes states and the best weights; only the first process does."""

    def __init__(
        self,
        config: TrainConfig,
        at: Site,
        origin: Origin,
        network: PretextNetwork,
        balance: Balance,
        optimiser: Optimizer,
        stepper: Stepper,
    ) -> None:
        self._at, self._keep = at, config.keep
        self._network, self._balance, self._optimiser = network, balance, optimiser
        self._stepper = stepper
        self._info = {
            "config": config.to_json(),
            "origin": origin.to_json(),
            "split": {
                "method": at.split.method,
                "digest": at.split.digest,
                "train": len(at.split.train),
                "validation": len(at.split.validation),
                "test": len(at.split.test),
            },
        }
        self._note = {"format": 1, "kind": "pretrained", "random": origin.random, **self._info}

    def state(self, position: Position) -> None:
        """Save all that going on needs."""
        for found in self._at.processes.gather(dict(position.unreadable)):
            if isinstance(found, dict):
                position.unreadable.update(found)
        if not self._at.processes.first:
            return
        chosen = self._stepper.choice
        position.choice = None if chosen is None else chosen.to_json()
        training = {
            "optimiser": self._optimiser.state_dict(),
            "balance": dict(self._balance.state_dict()),
        }
        path = state_save(
            self._at.folder,
            position.step,
            self._network.state_dict(),
            training,
            {**self._info, "position": position.to_json()},
            keep=self._keep,
            note=self._note,
        )
        self._at.saved(path)

    def best(self, position: Position) -> None:
        """Save the weights as the best so far."""
        if self._at.processes.first:
            best_save(
                self._at.folder,
                position.step,
                self._network.state_dict(),
                {**self._info, "position": position.to_json()},
                note=self._note,
            )
