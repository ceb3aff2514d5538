"""How much memory there is, and how much the way back needs to keep."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models_app.training.blocks import composite_blocks

_CGROUP = Path("/sys/fs/cgroup")
# Gradients of the largest activation, and a library's copies of it.
_COPIES = 3
# Torch's allocators, the C++ library, and oneDNN, which does not say what it lacked.
_SHORT = (
    "not enough memory",
    "can't allocate memory",
    "out of memory",
    "bad_alloc",
    "could not create a primitive",
    "could not create a memory",
)


def memory_available(device: torch.device) -> int:
    """Return bytes that this process may still ask for.

    Free memory of its GPU; or of the CPU, within its limits and shared evenly among the processes
    that torchrun started on this machine.
    """
    if device.type == "cuda":
        free, _total = torch.cuda.mem_get_info(device)
        # What torch holds and does not use comes on top.
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return free + held
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return min([_free_of_machine(), *_free_of_groups(_CGROUP)]) // processes


def out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory ran out; on a CPU torch has no type for it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(each in str(error) for each in _SHORT)


@contextmanager
def shortage_told(make: Callable[[], Exception]) -> Iterator[None]:
    """Raise what `make` returns where memory runs out in this."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise make() from error


def _free_of_machine() -> int:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        # No Linux: nothing says how much is free, so the machine's memory is the limit.
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    lines = dict(line.split(":", 1) for line in text.splitlines())
    return int(lines["MemAvailable"].split()[0]) * 1024


def _free_of_groups(root: Path) -> Iterator[int]:
    """Yield what a container's limits leave, of this process's group and of those above it."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except OSError:
        return
    for line in lines:
        _number, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        base = root / "memory" if controllers else root
        names = _V1 if controllers else _V2
        own = base / path.lstrip("/")
        for folder in (own, *own.parents):
            free = free_of_group(folder, *names)
            if free is not None:
                yield free
            if folder == base:
                break


_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2 = ("memory.max", "memory.current", "inactive_file")


def free_of_group(folder: Path, limit: str, usage: str, inactive: str) -> int | None:
    try:
        most = (folder / limit).read_text(encoding="ascii").strip()
        used = int((folder / usage).read_text(encoding="ascii"))
        text = (folder / "memory.stat").read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    if not most.isdigit():
        return None
    # Files that were read count as used and are given up when memory is needed.
    spare = dict(line.split() for line in text.splitlines()).get(inactive, 0)
    return max(0, int(most) - used + int(spare))


@dataclass(frozen=True, slots=True)
class Kept:
    """What a forward keeps for the way back, in bytes a picture.

    Attributes
    ----------
    plain
        All of it.
    checkpoint
        Where blocks are computed twice: their inputs, and the insides of the largest.
    working
        On top of either, for gradients and copies.
    """

    plain: float
    checkpoint: float
    working: float


@dataclass(slots=True)
class _Counter:
    """Adds up what autograd saves, each storage once."""

    known: set[int]
    outside: int = 0
    inputs: int = 0
    largest: int = 0
    inside: dict[str, int] = field(default_factory=dict)
    block: str = ""

    def pack(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self.known:
            self.known.add(storage.data_ptr())
            size = storage.nbytes()
            self.largest = max(self.largest, size)
            if self.block:
                self.inside[self.block] = self.inside.get(self.block, 0) + size
            else:
                self.outside += size
        return tensor

    def enter(self, name: str, args: tuple[Any, ...]) -> None:
        self.block = name
        self.inputs += sum(a.nbytes for a in args if isinstance(a, Tensor))

    def leave(self) -> None:
        self.block = ""


def kept_measure(
    network: nn.Module, backbone: nn.Module, forward: Callable[[Tensor], Tensor], pictures: Tensor
) -> Kept:
    """Measure what a forward keeps, on a few pictures, of which there must be two or more."""
    weights = [*network.parameters(), *network.buffers()]
    counter = _Counter({weight.untyped_storage().data_ptr() for weight in weights})
    with (
        torch.enable_grad(),
        _watched(backbone, counter),
        torch.autograd.graph.saved_tensors_hooks(counter.pack, lambda tensor: tensor),
    ):
        features = forward(pictures)
    count = len(pictures)
    inside = sum(counter.inside.values())
    largest_block = max(counter.inside.values(), default=0)
    del features
    return Kept(
        plain=(counter.outside + inside) / count,
        checkpoint=(counter.outside + counter.inputs + largest_block) / count,
        working=_COPIES * counter.largest / count,
    )


@contextmanager
def _watched(backbone: nn.Module, counter: _Counter) -> Iterator[None]:
    handles = []
    for name, block in composite_blocks(backbone).items():
        handles.append(
            block.register_forward_pre_hook(
                lambda _module, args, name=name: counter.enter(name, args)
            )
        )
        handles.append(block.register_forward_hook(lambda _module, _args, _out: counter.leave()))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
