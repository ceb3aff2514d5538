"""A progress bar on a terminal, nothing in a log."""

from collections.abc import Callable, Iterable
from typing import Any

from tqdm import tqdm


def bar(unit: str, *, total: int | None = None) -> Callable[[Iterable[Any]], Iterable[Any]]:
    """Return what shows how many are done, of how many, how fast, and the time left.

    `total` for what does not know its own length.
    """
    # disable=None: off where standard error is no terminal.
    return lambda items: tqdm(items, unit=unit, total=total, disable=None)
