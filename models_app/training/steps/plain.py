"""A step that keeps everything that the way back needs."""

from collections.abc import Callable

from torch import Tensor

from models_app.training.steps.work import Work


def plain_step(network: Callable[..., dict[str, Tensor]], work: Work) -> None:
    """Leave gradients in the weights: all groups forward, then all of it backward.

    Parameters
    ----------
    network
        A `PretextNetwork`, or the wrapper that averages its gradients over processes.
    """
    total = work.judged(network(work.pictures, work.keep, work.groups, work.first))
    work.mark("forward")
    total.backward()
    work.mark("backward")
