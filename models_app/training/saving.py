"""What a pretraining leaves on disk while it runs."""

from typing import Any

from torch.optim import Optimizer

from models_app.training.config import TrainConfig
from models_app.training.data import Unreadable
from models_app.training.devices import device_name
from models_app.training.files import Files
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
        unreadable: Unreadable,
    ) -> None:
        self._at, self._balance, self._optimiser = at, balance, optimiser
        self._stepper, self._unreadable = stepper, unreadable
        split = {
            "method": at.split.method,
            "digest": at.split.digest,
            "train": len(at.split.train),
            "validation": len(at.split.validation),
            "test": len(at.split.test),
        }
        self._files = Files(
            at=at,
            keep=config.keep,
            network=network,
            config=config,
            facts={"origin": origin.to_json(), "split": split},
            marks={"kind": "pretrained", "random": origin.random},
        )

    @property
    def chosen(self) -> dict[str, Any] | None:
        """How steps are computed; None before the first."""
        choice = self._stepper.choice
        return None if choice is None else choice.to_json()

    def state(self, position: Position) -> None:
        """Save all that going on needs; all processes learn what the others could not read.

        Raises
        ------
        PhotosUnusable
            If that is too much together.
        """
        for found in self._at.processes.gather(self._unreadable.snapshot()):
            if isinstance(found, dict):
                self._unreadable.merge(found)
        position.unreadable = self._unreadable.snapshot()
        position.choice = self.chosen
        position.device = device_name(self._at.device)
        training = {
            "optimiser": self._optimiser.state_dict(),
            "balance": dict(self._balance.state_dict()),
        }
        self._files.state(position, training)

    def best(self, position: Position) -> None:
        """Save the weights as the best so far."""
        self._files.best(position)
