"""The batches of an epoch: which photos, which are mirrored, what the new layer is not given."""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.decoded import Pictures
from models_app.training.finetuning.draws import Bases, flips_draw, order_draw
from models_app.training.processes import Processes
from models_app.training.seeds import generator


@dataclass(frozen=True, slots=True)
class Batch:
    """What one process gets of a batch, on the CPU.

    Attributes
    ----------
    number
        Place in the epoch, from 0.
    total, own
        Photos of all processes, and of this one; where that is 0, one photo is there all the
        same, and does not count.
    inputs
        uint8 [n, 3, side, side], or features [n, F].
    flips
        bool [n], which of the pictures are to be mirrored; None: none, or it is done already.
    truth
        float32 [n, 10].
    keep
        [n, F], what features are multiplied by; None: nothing is dropped.
    """

    number: int
    total: int
    own: int
    inputs: Tensor
    flips: Tensor | None
    truth: Tensor
    keep: Tensor | None

    def to(self, device: torch.device) -> "Batch":
        """Return it on a device, the pictures mirrored."""
        inputs = self.inputs.to(device, non_blocking=True)
        if self.flips is not None:
            mirrored = self.flips.to(device, non_blocking=True).view(-1, 1, 1, 1)
            inputs = torch.where(mirrored, inputs.flip(3), inputs)
        return Batch(
            self.number,
            self.total,
            self.own,
            inputs,
            None,
            self.truth.to(device, non_blocking=True),
            None if self.keep is None else self.keep.to(device, non_blocking=True),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeding:
    """Where batches come from.

    Attributes
    ----------
    rows
        Of the pictures that train and could be read, [N].
    truth
        float32 [N, 10].
    base
        What is drawn a photo depends on; [N].
    width
        Features of the backbone: F.
    pin
        Whether batches lie in pinned memory, and are made one ahead: a GPU waits for them.
    """

    config: FinetuneConfig
    pictures: Pictures
    rows: NDArray[np.int64]
    truth: Tensor
    base: Bases
    width: int
    processes: Processes
    pin: bool

    def __len__(self) -> int:
        """Return batches an epoch: as many as it takes, and none of a single photo.

        What would be one goes with another batch, since batch normalisation has nothing to
        normalise a single photo by where the last maps are one pixel. Only with `batch` 1 photos
        come one by one.
        """
        photos, size = len(self.rows), self.config.batch
        found = -(-photos // size)
        return found if size == 1 else max(1, min(found, photos // 2))

    def done(self, batches: int) -> int:
        """Return the photos of so many batches of an epoch.

        Batches are as large as each other but for one photo: a last one of few photos would be
        normalised by those few.
        """
        return batches * len(self.rows) // len(self)

    def epoch(self, epoch: int, first: int, step: int, features: Tensor | None) -> Iterator[Batch]:
        """Yield the batches of an epoch, from a given one on; close it to end its thread early.

        Parameters
        ----------
        step
            Of the first of them; what the new layer is not given depends on it.
        features
            float32 [pictures, 1 or 2, F], instead of pictures; None: pictures.
        """
        config = self.config
        order = np.array(order_draw(self.base, config.seed, "order", epoch), dtype=np.int64)
        flips = np.zeros(len(order), dtype=np.bool_)
        if config.flips:
            flips = flips_draw(self.base, config.seed, "flip", epoch)

        def make(number: int) -> Batch:
            chosen = order[self.done(number) : self.done(number + 1)]
            return self._batch(number, chosen, flips, step + number - first, features)

        numbers = range(first, len(self))
        return _ahead(make, numbers) if self.pin else map(make, numbers)

    def _batch(
        self,
        number: int,
        chosen: NDArray[np.int64],
        flips: NDArray[np.bool_],
        step: int,
        features: Tensor | None,
    ) -> Batch:
        rank, count = self.processes.rank, self.processes.count
        places = np.arange(rank, len(chosen), count)
        own = len(places)
        # A process without a photo goes along with the others.
        places = places if own else np.zeros(1, dtype=np.int64)
        mine = chosen[places]
        rows, mirrored = self.rows[mine], torch.from_numpy(flips[mine])
        keep = keep_draw(self.config, step, len(chosen), self.width)
        truth = self.truth[torch.from_numpy(mine)]
        kept = None if keep is None else keep[torch.from_numpy(places)]
        if features is None:
            inputs = self.pictures.take(rows.tolist(), pin=self.pin)
        else:
            inputs = self._pinned(features[torch.from_numpy(rows), mirrored.long()])
        return Batch(
            number,
            len(chosen),
            own,
            inputs,
            mirrored if features is None and self.config.flips else None,
            self._pinned(truth),
            None if kept is None else self._pinned(kept),
        )

    def _pinned(self, tensor: Tensor) -> Tensor:
        return tensor.pin_memory() if self.pin else tensor


def keep_draw(config: FinetuneConfig, step: int, photos: int, width: int) -> Tensor | None:
    """Draw which features the new layer is given in a step; None where all of them.

    The same for any number of processes, each of which takes the rows of its photos.

    Returns
    -------
    Tensor or None
        float32 [photos, F] of 0 and 1 / (1 - dropout).
    """
    if config.dropout == 0:
        return None
    drawn = torch.rand(photos, width, generator=generator(config.seed, "dropout", step))
    return (drawn >= config.dropout).float().div_(1 - config.dropout)


def _ahead(make: Callable[[int], Batch], numbers: range) -> Generator[Batch]:
    """Yield what is made, with the next one under way in a thread."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="batch")
    try:
        waiting = [pool.submit(make, number) for number in numbers[:1]]
        for number in numbers:
            found = waiting.pop().result()
            if number + 1 in numbers:
                waiting.append(pool.submit(make, number + 1))
            yield found
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
