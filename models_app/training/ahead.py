"""The next batch's pictures, made while the network computes this one's step."""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import NamedTuple

import torch
from torch import Tensor

from models_app.training.loader import Batch

Make = Callable[[Batch], Tensor]
Mark = Callable[[str], None]


class Fed(NamedTuple):
    """A batch, and what the network sees of it; None where no photo could be read."""

    batch: Batch
    pictures: Tensor | None


def fed_in_turn(batches: Iterable[Batch], make: Make, mark: Mark) -> Generator[Fed]:
    """Yield batches with their pictures, made when they are asked for.

    Parameters
    ----------
    make
        Returns the pictures of a batch: uint8 [B, V, 3, side, side].
    mark
        Told what the time went into: decode or render.
    """
    for batch in batches:
        mark("decode")
        pictures = make(batch) if len(batch) else None
        mark("render")
        yield Fed(batch, pictures)


def fed_ahead(
    batches: Iterable[Batch], make: Make, mark: Mark, device: torch.device
) -> Generator[Fed]:
    """Yield the same as `fed_in_turn`, from a thread that is one batch ahead.

    On a GPU the thread has a stream of its own: rendering is thousands of small kernels and some
    JPEG files on the processor, during which the network would wait. What is waited for all the
    same counts as rendering, also where photos were not decoded in time: nothing is marked decode.
    """
    stream = torch.cuda.Stream(device) if device.type == "cuda" else None
    source = iter(batches)

    def work() -> tuple[Fed, torch.cuda.Event | None] | None:
        batch = next(source, None)
        if batch is None:
            return None
        with nullcontext() if stream is None else torch.cuda.stream(stream):
            pictures = make(batch) if len(batch) else None
            return Fed(batch, pictures), None if stream is None else stream.record_event()

    pool = ThreadPoolExecutor(1, thread_name_prefix="render")
    try:
        waiting = pool.submit(work)
        while (found := waiting.result()) is not None:
            fed, ready = found
            waiting = pool.submit(work)
            if ready is not None and fed.pictures is not None:
                current = torch.cuda.current_stream(device)
                current.wait_event(ready)
                # Its memory must not be given away before this stream is done with it.
                fed.pictures.record_stream(current)
            mark("render")
            yield fed
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        _close(source)


def _close(source: Iterator[Batch]) -> None:
    close = getattr(source, "close", None)
    if close is not None:
        close()
