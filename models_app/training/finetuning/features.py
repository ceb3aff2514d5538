"""Features of a frozen backbone: computed once a photo, and once its mirror image."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.decoded import Pictures
from models_app.training.finetuning.networks import JudgeNetwork
from models_app.training.finetuning.stopping import pieces
from models_app.training.processes import Processes
from models_app.training.steps.memory import memory_available

SHARE = 0.5
"""Of the memory that is available, what features may take."""

PIECE = 128
"""Photos in one forward without a way back, over all processes."""


def features_fit(config: FinetuneConfig, photos: int, width: int) -> bool:
    """Tell whether features of so many photos may be kept.

    A backbone that goes by the batch while it is frozen has other features every epoch.
    """
    if not config.keep_features or config.batch_norm == "always":
        return False
    size = photos * (1 + config.flips) * width * 4
    return size <= SHARE * memory_available(torch.device("cpu"))


def features_make(
    network: JudgeNetwork,
    pictures: Pictures,
    *,
    flips: bool,
    device: torch.device,
    processes: Processes,
    should_stop: Callable[[], bool],
) -> Tensor:
    """Return the features of all rows, float32 [N, 1 or 2, F] on the CPU; the second is mirrored.

    Always in the same pieces, so that a training that goes on has the same ones to the last bit.
    Those of photos that cannot be read are 0.

    Raises
    ------
    Stopped
        If it was told to stop meanwhile.
    """
    network.eval()
    rows = np.flatnonzero(pictures.readable).tolist()
    found = torch.zeros(len(pictures.readable), 1 + flips, network.width)
    for piece in pieces(rows, PIECE, processes, should_stop):
        for mirrored in range(1 + flips):
            found[piece, mirrored] = block_features(
                network, pictures, piece, bool(mirrored), device, processes
            )
    return found


def block_features(
    network: JudgeNetwork,
    pictures: Pictures,
    rows: Sequence[int],
    mirrored: bool,
    device: torch.device,
    processes: Processes,
) -> Tensor:
    """Return the features of some rows, float32 [n, F] on the CPU; each process computes a part."""
    own = list(range(processes.rank, len(rows), processes.count))
    found = torch.zeros(len(rows), network.width, device=device)
    if own:
        shown = pictures.take([rows[place] for place in own]).to(device)
        with torch.no_grad():
            found[own] = network.features(shown.flip(3) if mirrored else shown)
    return processes.sums(found).cpu()
