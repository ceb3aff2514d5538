"""Work in pieces, between which all processes can stop together."""

from collections.abc import Callable, Iterator, Sequence

from models_app.training.processes import Processes


class Stopped(Exception):
    """It was told to stop; what was being made is made anew by the call that goes on."""


def pieces(
    items: Sequence[int], size: int, processes: Processes, should_stop: Callable[[], bool]
) -> Iterator[Sequence[int]]:
    """Yield a sequence in pieces; all processes go through the same ones.

    Raises
    ------
    Stopped
        Before a piece, if any process should stop.
    """
    for first in range(0, len(items), size):
        if processes.agree(should_stop()):
            raise Stopped
        yield items[first : first + size]
