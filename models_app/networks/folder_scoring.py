"""Scores of the photos of a folder: decoded in threads ahead of the network."""

import logging
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models_app.imaging import MAX_BYTES, MAX_PIXELS, PhotoRefused, open_photo
from models_app.networks.building import Network
from models_app.networks.errors import PhotoUnusable
from models_app.networks.preprocessing import Preprocessing, photo_to_input
from models_app.networks.scoring import Refused, Score, distributions, moments
from models_app.training.allocator import StepMemory

logger = logging.getLogger(__name__)

Input = NDArray[np.float32]
"""One photo as the network takes it: [3, side, side]."""

BATCHES_AHEAD = 2


def files_score(
    files: Iterable[tuple[str, Path]],
    network: Network,
    *,
    device: str = "cpu",
    batch_size: int = 16,
    decoders: int = 2,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
) -> Generator[list[Score[str] | Refused[str]]]:
    """Score photos batch by batch, in their order; those that cannot be read say why.

    Threads decode and resize; they are `BATCHES_AHEAD` batches ahead of the network, so that
    memory does not grow with the number of photos.

    Parameters
    ----------
    files
        What each photo is called, and where it lies.
    batch_size, decoders
        Photos a batch, and threads; each at least 1.
    max_bytes, max_pixels
        Of a photo, looked at before it is decoded.

    Raises
    ------
    ValueError
        If the batch size or the number of threads is below 1.
    NetworkError
        If the network returns something that is no distribution.
    """
    if batch_size < 1 or decoders < 1:
        raise ValueError(
            f"The batch size is {batch_size} and there are {decoders} decoders; each must be at "
            "least 1."
        )
    module = network.module.to(device).eval()
    source = iter(files)
    pool = ThreadPoolExecutor(decoders, thread_name_prefix="decoder")
    waiting: deque[tuple[str, Future[Input | str]]] = deque()
    memory, numbers = StepMemory(device, logger.info), count()

    def refill() -> None:
        while len(waiting) < BATCHES_AHEAD * batch_size + decoders:
            following = next(source, None)
            if following is None:
                return
            name, path = following
            prepared = pool.submit(_prepared, path, network.preprocessing, max_bytes, max_pixels)
            waiting.append((name, prepared))

    try:
        refill()
        while waiting:
            memory.before_step(next(numbers), "judging")
            batch = [waiting.popleft() for _ in range(min(batch_size, len(waiting)))]
            ready = [(name, each.result()) for name, each in batch]
            # The next ones decode while the network looks at these.
            refill()
            inputs = [each for _name, each in ready if not isinstance(each, str)]
            shares = distributions(module, np.stack(inputs), device) if inputs else np.empty((0, 1))
            yield _said(ready, shares)
    finally:
        memory.close()
        pool.shutdown(wait=True, cancel_futures=True)


def _prepared(
    path: Path, preprocessing: Preprocessing, max_bytes: int, max_pixels: int
) -> Input | str:
    try:
        photo = open_photo(path, max_bytes=max_bytes, max_pixels=max_pixels)
        return photo_to_input(photo, preprocessing)
    except (PhotoRefused, PhotoUnusable) as error:
        return str(error)
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"


def _said(
    ready: list[tuple[str, Input | str]], shares: NDArray[np.float64]
) -> list[Score[str] | Refused[str]]:
    found: list[Score[str] | Refused[str]] = []
    means, sds = moments(shares) if len(shares) else (np.empty(0), np.empty(0))
    place = 0
    for name, each in ready:
        if isinstance(each, str):
            found.append(Refused(name, each))
            continue
        shown = tuple(shares[place].tolist())
        found.append(Score(name, shown, float(means[place]), float(sds[place])))
        place += 1
    return found
