"""Where a training happens."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from models_app.training.data import Photos
from models_app.training.processes import Processes
from models_app.training.reports import Reports
from models_app.training.split import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a training happens.

    Attributes
    ----------
    photos, split
        What it learns from, and which of it.
    folder
        Where its states are.
    reports
        Told what happens.
    processes, device
        Who computes, on what.
    saved
        Called with the folder of every state that was saved, in the first process.
    """

    photos: Photos
    split: Split
    folder: Path
    reports: Reports
    processes: Processes
    device: torch.device
    saved: Callable[[Path], None]
