"""A progress bar on a terminal, nothing in a log."""

from collections.abc import Callable, Iterable
from typing import Any

from tqdm import tqdm


def bar(unit: str) -> Callable[[Iterable[Any]], Iterable[Any]]:
    # disable=None: off where standard error is no terminal.
    return lambda items: tqdm(items, unit=unit, disable=None)
