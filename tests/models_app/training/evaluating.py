"""An untrained network whose scores differ, to be evaluated."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models_app.training.config import TrainConfig
from models_app.training.evaluate import evaluate
from models_app.training.loader import Batch
from models_app.training.measured import Measured
from models_app.training.networks import PretextNetwork, network_build
from models_app.training.pretext.building import Pretext, pretext_build

SOME = "jpeg_compression,gaussian_noise,brightness,contrast,vibrance,rotate,hcrop"


@dataclass
class Case:
    config: TrainConfig
    pretext: Pretext
    network: PretextNetwork

    def measure(self, photos: list[Tensor], sizes: tuple[int, ...], **more) -> Measured:
        """Evaluate photos in batches of these sizes; photo n has the key 9 - n."""
        batches, start = [], 0
        for number, size in enumerate(sizes):
            places = range(start, start + size)
            keys, names = [str(9 - n) for n in places], [f"photo {n}" for n in places]
            part = list(photos[start : start + size])
            batches.append(Batch(number, part, keys, names, list(range(size)), 0.0))
            start += size
        return evaluate(self.network, self.pretext, self.config, batches, self.make, **more)

    def make(self, batch: Batch) -> Tensor:
        return self.pretext.views.make(batch.photos, keys=batch.keys, seed=1)


def case(task: str, **options: object) -> Case:
    config = TrainConfig(
        task=task, side=32, width=0.25, weights="random", **{"distortions": SOME, **options}
    )
    pretext = pretext_build(config)
    network, _origin = network_build(config, pretext)
    with torch.no_grad():
        # Untrained scores differ by less than a rounding step, and nearly all would be ties.
        for head in network.heads.values():
            for layer in head.modules():
                if isinstance(layer, nn.Linear):
                    layer.weight *= 1000
    return Case(config, pretext, network)
