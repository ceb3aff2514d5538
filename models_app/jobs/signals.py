"""Whether this worker has been told to go down; set in its main process, seen by all of them."""

from multiprocessing import get_context

# Made before the pool forks, so that its processes share it. Not multiprocessing's own default
# context: a program may have changed that to spawn.
_down = get_context("fork").Event()


def go_down() -> None:
    _down.set()


def going_down() -> bool:
    return _down.is_set()
