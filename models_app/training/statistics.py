"""Running statistics of batch normalisation: once a step, however the step is computed."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

Reduce = Callable[[Tensor], Tensor]
"""Returns the sum of a tensor over all processes."""


class BatchStatistics:
    """Collects what every BatchNorm layer measures during a step, for one update of its average.

    A forward in training mode moves the running averages by itself: once a group, and again when
    checkpointing or gradient caching computes a forward twice. Here a step starts with `begin`,
    every forward that counts is followed by `record`, and the step ends with `commit`, which
    moves the averages once by the mean over its groups, weighted by their pictures, or with
    `drop`, which leaves them as they were. With one group this is what torch does by itself.

    Parameters
    ----------
    network
        Layers of any class derived from torch's BatchNorm; those without running averages are
        left alone.
    frozen
        Layers use their stored averages, and nothing is collected.
    """

    def __init__(self, network: nn.Module, *, frozen: bool = False) -> None:
        self.frozen = frozen
        self._all = [m for m in network.modules() if isinstance(m, _BatchNorm)]
        tracked = [m for m in self._all if m.running_mean is not None]
        self._layers = [] if frozen else tracked
        self._momenta: list[float | None] = []
        self._before: list[Tensor] = []
        self._counts: list[Tensor] = []
        self._sums: list[Tensor] = []
        self._pictures = 0

    @property
    def begun(self) -> bool:
        """Whether a step is under way."""
        return bool(self._before)

    def begin(self) -> None:
        """Start a step; what an interrupted one has left is dropped.

        The network must be in training mode by then; where statistics are frozen, its BatchNorm
        layers are put into evaluation mode here.
        """
        self.drop()
        if self.frozen:
            for layer in self._all:
                layer.eval()
            return
        self._momenta = [layer.momentum for layer in self._layers]
        self._before = [buffer.clone() for buffer in self._buffers()]
        self._counts = [count.clone() for count in self._counters()]
        for layer in self._layers:
            # So that the buffers hold the statistics of the last forward alone.
            layer.momentum = 1.0

    def record(self, pictures: int) -> None:
        """Count the forward that has just been: a group of so many pictures.

        0: it does not count, as in a process that computes along with the others and has no photo
        of its own.
        """
        # Not 0 times what was measured, which may be infinite.
        if not self.begun or not pictures:
            return
        buffers = self._buffers()
        if self._sums:
            torch._foreach_add_(self._sums, buffers, alpha=pictures)
        else:
            self._sums = list(torch._foreach_mul(buffers, float(pictures)))
        self._pictures += pictures

    @torch.no_grad()
    def commit(self, reduce: Reduce | None = None) -> None:
        """End the step: move the running averages once.

        Parameters
        ----------
        reduce
            Sums over all processes; called once, where the network has averages to move, also
            by a process in which nothing counted.
        """
        if not self.begun:
            return
        sums, pictures = self._sums, self._pictures
        if reduce is not None:
            sums, pictures = _reduced(sums or self._zeros(), pictures, reduce)
        momenta, before, counts = self._momenta, self._before, self._counts
        self.drop()
        if not pictures:
            return
        torch._foreach_add_(counts, 1)
        torch._foreach_copy_(self._counters(), counts)
        # None means the plain average over all steps.
        weights = [1 / int(c) if m is None else m for m, c in zip(momenta, counts, strict=True)]
        pairs = [weight for weight in weights for _mean_and_variance in range(2)]
        moved = torch._foreach_mul(before, [1 - weight for weight in pairs])
        new = torch._foreach_mul(sums, [weight / pictures for weight in pairs])
        torch._foreach_add_(moved, new)
        torch._foreach_copy_(self._buffers(), moved)

    @torch.no_grad()
    def drop(self) -> None:
        """End the step and leave running averages and counters as they were before it."""
        if self.begun:
            torch._foreach_copy_(self._buffers(), self._before)
            torch._foreach_copy_(self._counters(), self._counts)
            for layer, momentum in zip(self._layers, self._momenta, strict=True):
                layer.momentum = momentum
        self._before, self._counts, self._sums, self._momenta = [], [], [], []
        self._pictures = 0

    def _buffers(self) -> list[Tensor]:
        found = [(layer.running_mean, layer.running_var) for layer in self._layers]
        return [buffer for pair in found for buffer in pair if buffer is not None]

    def _counters(self) -> list[Tensor]:
        counts = [layer.num_batches_tracked for layer in self._layers]
        return [count for count in counts if count is not None]

    def _zeros(self) -> list[Tensor]:
        return [torch.zeros_like(buffer) for buffer in self._before]


def _reduced(sums: list[Tensor], pictures: int, reduce: Reduce) -> tuple[list[Tensor], int]:
    """Add up sums and pictures of all processes, in one message."""
    count = sums[0].new_tensor([float(pictures)])
    packed = reduce(torch.cat([total.flatten() for total in sums] + [count]))
    *parts, count = packed.split([total.numel() for total in sums] + [1])
    return [p.view_as(t) for p, t in zip(parts, sums, strict=True)], round(float(count))
