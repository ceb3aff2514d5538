"""Freed memory that stays with the process from one step of alike work to the next.

glibc maps large blocks one by one and unmaps them when they are freed, so on a CPU every step gets
its gigabytes anew, page by page, each filled with zeros. Told to keep them it takes no pages after
the first steps: what a step computes is the same to the last bit, its time is not.
"""

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Self

import torch

from models_app.training.steps.memory import memory_available
from models_app.training.stopwatch import memory_mb

ROOM = 1.5
"""How many times the most memory so far there must be. Freed blocks are not always of use again,
since torch asks for aligned ones: measured are 1.12 times (side 128) to 1.30 times (side 224)."""


class _Setting(NamedTuple):
    """A parameter of mallopt(3): its number, who else may set it, and what it is set to."""

    number: int
    variable: str
    tunable: str
    kept: int | None
    afterwards: int


# A value that was set, also to its default, ends glibc's rule that moves the two thresholds with
# the blocks that are freed. Nothing reads where it had them, so afterwards they are where it leads
# to in a process with large blocks; with the initial 128 KiB threads would be far slower.
_SETTINGS = (
    _Setting(-4, "MALLOC_MMAP_MAX_", "glibc.malloc.mmap_max", 0, 65536),
    _Setting(-1, "MALLOC_TRIM_THRESHOLD_", "glibc.malloc.trim_threshold", -1, 64 * 2**20),
    _Setting(-3, "MALLOC_MMAP_THRESHOLD_", "glibc.malloc.mmap_threshold", None, 32 * 2**20),
)

_lock = Lock()
_users = 0


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep freed memory while this lasts, in all of the process; give it back at the end.

    Blocks of the main thread are meant, where a step computes on a CPU. Another thread's arena is
    made of heaps of 64 MB: what does not fit into one is mapped and unmapped as ever. Without
    glibc nothing happens, nor to a parameter that the environment sets (MALLOC_*, GLIBC_TUNABLES).
    """
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            _set(keeping=True)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _set(keeping=False)


class StepMemory:
    """Keeps freed memory between steps of alike work on a CPU, once there is room for it.

    A step is done as ever first, which shows what it needs, and how it is computed is chosen by
    memory that nothing is kept of. A context: at its end memory goes back to the system.

    Parameters
    ----------
    device
        That computes; on a GPU nothing is done.
    log
        Told, once for a kind of step, where there is no room.
    """

    def __init__(self, device: torch.device | str, log: Callable[[str], None]) -> None:
        self._device = torch.device(device)
        self._log = log
        self._keeping = ExitStack()
        self._known: object = None
        self._first: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give memory back; for callers that are no context."""
        self._keeping.close()

    def before_step(self, step: int, kind: object) -> None:
        """Tell that a step is about to begin.

        Parameters
        ----------
        step
            Its number; it stays where a step could not be done.
        kind
            What decides how much memory it takes, as whether all layers learn; never None.
        """
        if self._device.type != "cpu" or _glibc() is None:
            return
        if kind != self._known:
            # What it needs is not known before one is done.
            self._keeping.close()
            self._known, self._first = kind, step
        elif self._first is not None and step > self._first:
            self._first = None
            self._begin()

    def _begin(self) -> None:
        needed = ROOM * memory_mb(self._device) * 2**20
        room = _resident() + memory_available(self._device)
        if room >= needed:
            self._keeping.enter_context(freed_memory_kept())
        else:
            self._log(
                f"Steps hand their memory back each time, which is slower: {room / 1e9:.1f} GB "
                f"are there, and keeping it may take {needed / 1e9:.1f} GB."
            )


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _glibc() -> ctypes.CDLL | None:
    """Return the C library if it is glibc; others have no such parameters, or other ones."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None


def _set(*, keeping: bool) -> None:
    library = _glibc()
    if library is None:
        return
    tunables = os.environ.get("GLIBC_TUNABLES", "")
    for setting in _SETTINGS:
        value = setting.kept if keeping else setting.afterwards
        theirs = setting.variable in os.environ or setting.tunable in tunables
        if value is not None and not theirs:
            library.mallopt(setting.number, value)
    if not keeping:
        library.malloc_trim(0)
