"""Several processes that train one network, each with its own GPU: what `torchrun` starts."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from models_app.training.errors import ConfigInvalid, TrainingError


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those that train together.

    Attributes
    ----------
    rank, count
        Its place, from 0, and how many there are.
    local_rank
        Its place on this machine: which GPU it takes.
    talk
        For flags and objects, which no GPU should wait for; None: the group of the gradients.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    talk: "dist.ProcessGroup | None" = None

    @property
    def first(self) -> bool:
        """Whether this one writes files and reports."""
        return self.rank == 0

    def sums(self, values: Tensor) -> Tensor:
        """Return the sums over all processes; of a copy."""
        if self.count == 1:
            return values
        summed = values.clone()
        dist.all_reduce(summed)
        return summed

    def average(self, parameters: Iterable[nn.Parameter]) -> None:
        """Average gradients over all processes, in one message."""
        found = [each.grad for each in parameters if each.grad is not None]
        if self.count == 1 or not found:
            return
        packed = torch.cat([each.flatten() for each in found])
        dist.all_reduce(packed)
        packed /= self.count
        for grad, part in zip(found, packed.split([g.numel() for g in found]), strict=True):
            grad.copy_(part.view_as(grad))

    def agree(self, value: bool) -> bool:
        """Return whether it is true of any process; all must ask."""
        if self.count == 1:
            return value
        return self.total(int(value)) > 0

    def total(self, value: int) -> int:
        """Return the sum over all processes; all must ask."""
        if self.count == 1:
            return value
        held = torch.tensor([value])
        dist.all_reduce(held, group=self.talk)
        return int(held.item())

    def from_first(self, value: object) -> object:
        """Return the first process's value, which can be pickled; all must ask."""
        if self.count == 1:
            return value
        held = [value]
        dist.broadcast_object_list(held, src=0, group=self.talk)
        return held[0]

    def gather(self, value: object) -> list[object]:
        """Return every process's value by rank; all must ask."""
        if self.count == 1:
            return [value]
        found: list[object] = [None] * self.count
        dist.all_gather_object(found, value, group=self.talk)
        return found

    def means(self, losses: Mapping[str, Tensor], photos: int) -> dict[str, Tensor]:
        """Return losses with the value of the whole batch and the gradient of this process.

        A balance such as exp(L / T) is no sum over photos: its weights need the mean over all
        processes. Gradients are averaged over processes afterwards, so this one's are scaled by
        its share of the photos times the number of processes.

        Parameters
        ----------
        losses
            Scalars, means over this process's photos.
        photos
            How many those are.
        """
        if self.count == 1:
            return dict(losses)
        local = torch.stack([loss.float() for loss in losses.values()])
        packed = torch.cat([local.detach() * photos, local.new_tensor([float(photos)])])
        summed = self.sums(packed)
        mean, total = summed[:-1] / summed[-1], summed[-1]
        scaled = local * (photos * self.count / total)
        # In brackets, so that the value is the mean to the last digit, and the same everywhere.
        joined = mean + (scaled - scaled.detach())
        return dict(zip(losses, joined.unbind(), strict=True))


class Averaging:
    """Calls a network so that its gradients are averaged over processes on the way back.

    torch's DistributedDataParallel fixes which weights learn when it is made; it is made anew when
    those change, as after a warm-up.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._learning: list[bool] = []
        self._wrapped: DistributedDataParallel | None = None

    def __call__(self, *args: Any) -> dict[str, Tensor]:
        """Call the network."""
        learning = [weight.requires_grad for weight in self._network.parameters()]
        if self._wrapped is None or learning != self._learning:
            self._wrapped = None
            # Buffers are joined by `BatchStatistics`, once a step.
            self._wrapped = DistributedDataParallel(self._network, broadcast_buffers=False)
            self._learning = learning
        found: dict[str, Tensor] = self._wrapped(*args)
        return found


@contextmanager
def processes_join(*, cuda: bool) -> Iterator[Processes]:
    """Join the processes that torchrun started; alone where it did not.

    Raises
    ------
    TrainingError
        If there are more processes than GPUs on this machine.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes()
        return
    rank, local = int(os.environ["RANK"]), int(os.environ["LOCAL_RANK"])
    if cuda:
        found = torch.cuda.device_count()
        if local >= found:
            raise TrainingError(
                f"There are {found} GPUs on this machine for {local + 1} or more processes; start "
                f"torchrun with --nproc-per-node={found}."
            )
        torch.cuda.set_device(local)
    dist.init_process_group("nccl" if cuda else "gloo")
    try:
        talk = dist.new_group(backend="gloo") if cuda else dist.group.WORLD
        yield Processes(rank, count, local, talk if isinstance(talk, dist.ProcessGroup) else None)
    finally:
        dist.destroy_process_group()


def synchronised(backbone: nn.Module, device: torch.device, processes: Processes) -> nn.Module:
    """Let BatchNorm measure over all processes; alone that changes nothing.

    Raises
    ------
    ConfigInvalid
        On a CPU, where torch cannot.
    """
    if device.type != "cuda":
        raise ConfigInvalid(
            "sync_bn joins the batches of several GPUs, and this runs on a CPU; set sync_bn to "
            "false.",
            "sync_bn",
        )
    if processes.count == 1:
        return backbone
    made: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(backbone)
    return made
