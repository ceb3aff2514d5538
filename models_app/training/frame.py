"""The frame of every training: where it happens, who is told, how it ends."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from models_app.training.checkpoint import BEST, State
from models_app.training.configuration import Configuration
from models_app.training.devices import device_choose, device_name
from models_app.training.durable import file_write
from models_app.training.processes import Processes
from models_app.training.reports import JsonLines, Reports, Several, Silent, TensorBoardReports

RESULTS = "results"
"""Folder of what came out, in that of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Where a training happens.

    Attributes
    ----------
    folder
        Where its states are.
    reports
        Told what happens.
    processes, device
        Who computes, on what.
    saved
        Called with the folder of every state that was saved, in the first process.
    """

    folder: Path
    reports: Reports
    processes: Processes
    device: torch.device
    saved: Callable[[Path], None]

    @property
    def best(self) -> Path | None:
        """Folder of the best weights; None before the first validation."""
        best = self.folder / BEST
        return best.resolve() if best.exists() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call that trains ended.

    Attributes
    ----------
    state
        `stopped` where it was told to stop; then a state is saved, from which another call goes
        on.
    best
        Folder of the best weights; None before the first validation.
    results
        As `results.json`; None where it is not finished.
    """

    state: Literal["finished", "stopped"]
    best: Path | None
    results: dict[str, Any] | None


def company(
    device: str, reports: Reports | None, processes: Processes | None
) -> tuple[Processes, Reports, torch.device]:
    """Return who computes, who is told of it, and on what; and tell that.

    Parameters
    ----------
    device
        As a configuration has it: auto, cpu or cuda.
    reports
        Of the first process; the others tell nobody.
    processes
        None: this one alone.
    """
    processes = processes or Processes()
    told = reports if reports is not None and processes.first else Silent()
    chosen = device_choose(device, processes.local_rank)
    told.device(device_name(chosen))
    return processes, told, chosen


@contextmanager
def reports_written(
    config: Configuration, at: Workplace, state: State | None, *, tensorboard: bool = False
) -> Iterator[Reports]:
    """Write the configuration into the folder, and yield who is told, files there among them.

    Those go on after the state, where there is one. Only the first process writes and tells.
    """
    if not at.processes.first:
        yield Silent()
        return
    folder = at.folder
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(config.to_json(), indent=1)
    file_write(folder / "config.json", f"{text}\n".encode())
    step = None if state is None else state.step
    # Validation comes after an epoch's last step, which may have a state of its own.
    validated = state is None or state.info["position"]["batch"] == 0
    found: list[Reports] = [
        at.reports,
        JsonLines(folder / "metrics.jsonl", resumed=step, validated=validated),
    ]
    if tensorboard:
        found.append(TensorBoardReports(folder / "tensorboard", resumed=step, validated=validated))
    written = Several(found)
    try:
        yield written
    finally:
        written.close()
