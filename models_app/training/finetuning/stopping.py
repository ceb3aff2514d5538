"""Work in pieces, between which all processes can stop together."""

from collections.abc import Callable, Iterator, Sequence

from models_app.training.processes import Processes


class Stopped(Exception):
    """It was told to stop; what was being made is made anew by the call that goes on."""


def pieces(
    items: Sequence[int], size: int, processes: Processes, should_stop: Callable[[], bool]
) -> Iterator[Sequence[int]]:
    """Yield a sequence in `chunks`; all processes go through the same ones.

    Raises
    ------
    Stopped
        Before a piece, if any process should stop.
    """
    for chunk in chunks(len(items), size):
        if processes.agree(should_stop()):
            raise Stopped
        yield items[chunk]


def chunks(count: int, size: int) -> Iterator[slice]:
    """Yield so many places in chunks of a size, or all at once for 0.

    A last one alone goes with the chunk before: batch normalisation that goes by the chunk has
    nothing to normalise a single photo by where the last maps are one pixel.
    """
    size = size or max(count, 1)
    first = 0
    while first < count:
        left = count - first
        end = count if size > 1 and left == size + 1 else min(first + size, count)
        yield slice(first, end)
        first = end
