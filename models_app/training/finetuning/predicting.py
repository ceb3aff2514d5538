"""What a network that judges says of photos: names in, distributions out."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from models_app.imaging import PhotoRefused
from models_app.networks.errors import PhotoUnusable
from models_app.networks.preprocessing import Preprocessing, photo_to_input
from models_app.networks.scoring import distributions
from models_app.training.data import Photos

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a network says of one photo.

    Attributes
    ----------
    index, name
        Of the photo in its source.
    distribution
        float64 [10], shares of the scores 1 to 10, which sum to 1; None where the photo cannot be
        read.
    reason
        Why it cannot; else empty.
    """

    index: int
    name: str
    distribution: NDArray[np.float64] | None
    reason: str


def predict(
    module: nn.Module,
    photos: Photos,
    indices: Sequence[int],
    preprocessing: Preprocessing,
    *,
    device: str | torch.device = "cpu",
    batch: int = 32,
    workers: int = 2,
) -> Iterator[Predicted]:
    """Judge photos, in the order of `indices`; those that cannot be read come with a reason.

    Photos are decoded ahead, two batches at most; whoever stops asking stops the work.

    Parameters
    ----------
    module
        Takes float32 [N, 3, side, side] as `photo_to_input` makes it; logits [N, 10] come out. It
        is moved to the device and left there in evaluation mode; it computes in full float32.
    photos
        The source; labels are not looked at.
    preprocessing
        That the network was trained with.
    batch, workers
        Photos at a time, and threads that decode them.

    Raises
    ------
    models_app.networks.errors.NetworkError
        If the network returns something that is no distribution.
    """
    judge = module.to(device).eval()
    waiting: list[tuple[int, NDArray[np.float32] | str]] = []

    def prepare(photo: Image.Image) -> NDArray[np.float32]:
        return photo_to_input(photo, preprocessing)

    for item in opened(photos, indices, prepare, ahead=2 * batch, workers=workers):
        waiting.append(item)
        if len(waiting) == batch:
            yield from _judged(judge, photos, waiting, device)
            waiting = []
    yield from _judged(judge, photos, waiting, device)


def opened(
    photos: Photos,
    indices: Sequence[int],
    prepare: Callable[[Image.Image], Made],
    *,
    ahead: int,
    workers: int,
) -> Iterator[tuple[int, Made | str]]:
    """Yield what threads make of photos, in order, or why one cannot be read.

    Parameters
    ----------
    prepare
        Called with each photo in one of the threads.
    ahead
        Photos that are made before they are asked for, at most.
    """
    todo = iter(indices)
    pending: deque[tuple[int, Future[Made | str]]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="decoder")

    def refill() -> None:
        while len(pending) < ahead and (index := next(todo, None)) is not None:
            pending.append((index, pool.submit(_open, photos, index, prepare)))

    try:
        refill()
        while pending:
            index, future = pending.popleft()
            refill()
            yield index, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _open(photos: Photos, index: int, prepare: Callable[[Image.Image], Made]) -> Made | str:
    try:
        return prepare(photos.open(index))
    except (PhotoRefused, PhotoUnusable) as error:
        return str(error)
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"


def _judged(
    module: nn.Module,
    photos: Photos,
    waiting: Sequence[tuple[int, NDArray[np.float32] | str]],
    device: str | torch.device,
) -> Iterator[Predicted]:
    inputs = [made for _index, made in waiting if not isinstance(made, str)]
    found = iter(distributions(module, np.stack(inputs), device) if inputs else ())
    for index, made in waiting:
        if isinstance(made, str):
            yield Predicted(index, photos.name(index), None, made)
        else:
            yield Predicted(index, photos.name(index), next(found), "")
