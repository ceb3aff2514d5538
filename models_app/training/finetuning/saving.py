"""What a fine-tuning leaves on disk while it runs."""

from torch.optim import Optimizer

from models_app.networks.preprocessing import Preprocessing
from models_app.training.files import Files
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.networks import JudgeNetwork, architecture_key
from models_app.training.finetuning.position import Position
from models_app.training.finetuning.site import Site
from models_app.training.origins import Origin


class Saving:
    """Writes states and the best weights; only the first process does."""

    def __init__(
        self,
        config: FinetuneConfig,
        at: Site,
        *,
        origin: Origin,
        preprocessing: Preprocessing,
        network: JudgeNetwork,
        optimiser: Optimizer,
    ) -> None:
        self._optimiser = optimiser
        parts = {
            "digest": at.parts.digest,
            "train": len(at.parts.train),
            "available": at.parts.available,
            "validation": len(at.parts.validation),
        }
        self._files = Files(
            at=at,
            keep=config.keep,
            network=network,
            config=config,
            facts={
                "origin": origin.to_json(),
                "preprocessing": preprocessing.to_json(),
                "parts": parts,
            },
            marks={
                "kind": "finetuned",
                "architecture": architecture_key(config),
                # People's judgements trained it, whatever it began with; that stands in `origin`.
                "random": False,
            },
        )

    def state(self, position: Position) -> None:
        """Save all that going on needs."""
        self._files.state(position, {"optimiser": self._optimiser.state_dict()})

    def best(self, position: Position) -> None:
        """Save the weights as the best so far."""
        self._files.best(position)
