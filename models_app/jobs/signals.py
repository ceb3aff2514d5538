"""Whether this worker has been told to go down; set in its main process, seen by all of them."""

import mmap

# One byte that is made before the pool forks, so that its processes share it. No Event of
# multiprocessing: a process that is killed while it looks at one leaves its lock held.
_down = mmap.mmap(-1, 1)


def go_down() -> None:
    _down[0] = 1


def going_down() -> bool:
    return _down[0] == 1
