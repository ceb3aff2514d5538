"""What a network makes of photos that it did not learn from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models_app.networks.architectures import BINS
from models_app.networks.scoring import VALUES
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.decoded import Pictures
from models_app.training.finetuning.features import PIECE, block_features
from models_app.training.finetuning.feeding import keep_draw
from models_app.training.finetuning.networks import JudgeNetwork
from models_app.training.finetuning.stopping import pieces
from models_app.training.losses.emd import emd_root, emd_squares
from models_app.training.processes import Processes

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """Judges the validation photos with the network as it is.

    Attributes
    ----------
    rows, names
        Of the pictures; truth is float64 [N, 10] in their order.
    """

    config: FinetuneConfig
    network: JudgeNetwork
    pictures: Pictures
    rows: NDArray[np.int64]
    names: Sequence[str]
    truth: Floats
    device: torch.device
    processes: Processes
    should_stop: Callable[[], bool]

    def distributions(self, *, frozen: bool, epoch: int, features: Tensor | None) -> Floats:
        """Return the shares of the scores that the network gives, float64 [N, 10].

        Always in the same pieces. With `validation_mode` train the network stays as it learns, as
        in the released program: dropout, and statistics of the batch, which move.

        Parameters
        ----------
        features
            Of all pictures, where they are kept; else None.

        Raises
        ------
        Stopped
            If it was told to stop meanwhile.
        """
        released = self.config.validation_mode == "train"
        if released:
            self.network.phase(frozen=frozen)
        else:
            self.network.eval()
        found = []
        for piece in pieces(self.rows.tolist(), PIECE, self.processes, self.should_stop):
            given = features[piece, 0] if features is not None else self._features(piece)
            keep = None
            if released:
                keep = keep_draw(self.config, -1 - epoch, len(piece), self.network.width)
            found.append(self._judged(given, keep))
        return np.concatenate(found)

    def _features(self, rows: Sequence[int]) -> Tensor:
        return block_features(self.network, self.pictures, rows, False, self.device, self.processes)

    def _judged(self, features: Tensor, keep: Tensor | None) -> Floats:
        kept = None if keep is None else keep.to(self.device)
        with torch.no_grad():
            logits = self.network.judge(features.to(self.device), kept)
        shares: Floats = logits.double().softmax(1).cpu().numpy()
        return shares

    def scalars(self, predicted: Floats) -> dict[str, float]:
        """Return the numbers of the validation photos; see `measures`."""
        return measures(predicted, self.truth, root=self.config.emd_root)


def measures(predicted: Floats, truth: Floats, *, root: str = "sample") -> dict[str, float]:
    """Return what distributions, [N, 10] each, are worth.

    Returns
    -------
    dict
        `total`, the loss, which decides; `emd`, the earth mover's distance with a root for each
        photo; `mae` of the mean scores; `lcc` and `srcc` of them, left out where one side is
        constant.
    """
    squares = emd_squares(torch.from_numpy(predicted), torch.from_numpy(truth))
    each = float(emd_root(squares).mean())
    whole = float(emd_root(squares.mean()))
    mine, theirs = predicted @ VALUES, truth @ VALUES
    found = {
        "total": whole if root == "batch" else each,
        "emd": each,
        "mae": float(np.abs(mine - theirs).mean()),
    }
    pairs = {"lcc": (mine, theirs), "srcc": (_ranks(mine), _ranks(theirs))}
    for name, (one, other) in pairs.items():
        if len(one) > 1 and np.ptp(one) > 0 and np.ptp(other) > 0:
            found[name] = float(np.corrcoef(one, other)[0, 1])
    return found


def constant_measures(train: Floats, truth: Floats, *, root: str = "sample") -> dict[str, float]:
    """Return the same of a guess that knows no photo: the mean distribution of those that train."""
    guess = np.broadcast_to(train.mean(0), (len(truth), BINS)).copy()
    return measures(guess, truth, root=root)


def _ranks(values: Floats) -> Floats:
    """Return ranks; equal values share the mean of theirs."""
    _values, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    ranks: Floats = (last - (counts - 1) / 2)[places]
    return ranks
