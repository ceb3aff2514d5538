"""A step that keeps the features alone and computes each group a second time on the way back.

Gao, Zhang, Han, Callan 2021, "Scaling deep contrastive learning batch size under memory limited
setup", section 3.2. Exact where no picture's features depend on another group.
"""

import torch

from models_app.training.networks import PretextNetwork, features_join
from models_app.training.steps.work import Work


def cached_step(network: PretextNetwork, work: Work) -> None:
    """Leave the gradients of `plain_step` in the weights, with the memory of one group.

    Forward without a graph; losses and heads with the features as leaves; then each group again,
    forward and backward with the gradient of its features.
    """
    with torch.no_grad():
        found = [work.first(n, work.pictures[group]) for n, group in enumerate(work.groups)]
        features = features_join(found, work.groups)
    features.requires_grad_(network.backbone_learns)
    total = work.judged(network.outputs(features, work.keep))
    work.mark("forward")
    total.backward()
    if features.grad is not None:
        for n, group in enumerate(work.groups):
            again = work.forward(n, work.pictures[group])
            again.backward(features.grad[group])
    work.mark("backward")
