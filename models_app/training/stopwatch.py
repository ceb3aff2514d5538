"""Where the time of a step goes."""

import time
from collections.abc import Mapping

import torch

PHASES = ("decode", "render", "forward", "backward", "other")
"""Waiting for decoded photos, making their views, the network both ways, and all else."""


class Stopwatch:
    """Seconds a phase; on a GPU by events in its queue, so that nothing waits for it."""

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda"
        self._seconds = dict.fromkeys(PHASES, 0.0)
        self._events: list[tuple[str, torch.cuda.Event]] = []
        self._last = time.perf_counter()
        self.pictures = 0
        self.photos = 0

    def mark(self, phase: str) -> None:
        """Say that what went on since the last mark was this phase."""
        if self._cuda:
            event = torch.cuda.Event(enable_timing=True)
            event.record()
            self._events.append((phase, event))
            return
        now = time.perf_counter()
        self._seconds[phase] += now - self._last
        self._last = now

    def count(self, *, photos: int, pictures: int) -> None:
        """Add what a step has seen."""
        self.photos += photos
        self.pictures += pictures

    def read(self, *, processes: int = 1) -> Mapping[str, float]:
        """Return shares of the phases and pictures a second since the last reading, and restart.

        Pictures are those of all processes, which go through the same steps. On a GPU it is what
        the GPU has done by now; nothing waits for it.
        """
        if self._cuda:
            self._resolve()
        total = sum(self._seconds.values())
        if total <= 0:
            return {}
        found = {f"share/{phase}": seconds / total for phase, seconds in self._seconds.items()}
        found["speed/images_per_s"] = self.pictures * processes / total
        self._seconds = dict.fromkeys(PHASES, 0.0)
        self.pictures = self.photos = 0
        return found

    def _resolve(self) -> None:
        done = 0
        for (_phase, before), (phase, after) in zip(self._events, self._events[1:], strict=False):
            if not after.query():
                break
            self._seconds[phase] += before.elapsed_time(after) / 1000
            done += 1
        # The last one that is done is where the next reading starts.
        self._events = self._events[done:]


def memory_mb(device: torch.device) -> float:
    """Return the most memory that this process has had: the GPU's, or its own on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
