"""What photos are to a training: a source, and a record of those that cannot be read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import floor
from pathlib import Path
from threading import Lock
from typing import Protocol, runtime_checkable

from PIL import Image

from models_app.training.errors import PhotosUnusable

NAMED = 5
"""Names that a sentence lists at most."""

LETTERS = 80
"""Of a name in a sentence."""


class Photos(Protocol):
    """A source of photos; every method may be called from several threads."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def name(self, index: int) -> str:
        """Return what people and lists call a photo."""
        ...

    def key(self, index: int) -> str:
        """Return the SHA-256 of the photo's content: the same wherever the photo lies."""
        ...

    def open(self, index: int) -> Image.Image:
        """Decode a photo to upright sRGB, mode RGB.

        Raises
        ------
        models_app.imaging.PhotoRefused, OSError
            If it cannot be read; the training goes on without it.
        """
        ...


@runtime_checkable
class SplitPhotos(Protocol):
    """A source that knows which photos train, as a dataset with imported lists does."""

    def split(self, index: int) -> str:
        """Return train, val or test; empty where nobody said."""
        ...


@runtime_checkable
class MergedPhotos(Protocol):
    """A source that found the same content under several names."""

    duplicates: Mapping[str, str]
    """Name that was left out to the name under which the content is."""


@dataclass(slots=True)
class Unreadable:
    """The photos that could not be read; each is counted once, however often it is tried.

    Threads may add and look at the same time.

    Attributes
    ----------
    photos
        How many there are, readable or not.
    share
        How many of them may be unreadable; one may always be, unless the share is 0.
    found
        Name to reason; a resumed run hands over what it knew. Read it by `snapshot`.
    report
        Called with name and reason, once a photo, in the thread that found it out: the one that
        renders ahead, where there is one.
    """

    photos: int
    share: float
    found: dict[str, str] = field(default_factory=dict)
    report: Callable[[str, str], None] = lambda name, reason: None
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def add(self, name: str, reason: str) -> None:
        """Count a photo.

        Raises
        ------
        PhotosUnusable
            If there are too many now.
        """
        if self._count(name, reason):
            self._check()

    def merge(self, found: Mapping[str, str]) -> None:
        """Count what another process found; the limit is checked even where nothing is new.

        Raises
        ------
        PhotosUnusable
            As `add`, after all are counted and reported.
        """
        for name, reason in found.items():
            self._count(name, reason)
        self._check()

    def snapshot(self) -> dict[str, str]:
        """Return a copy of what was found so far."""
        with self._lock:
            return dict(self.found)

    def _count(self, name: str, reason: str) -> bool:
        """Return whether the photo is new; then it is reported, without the lock."""
        with self._lock:
            if name in self.found:
                return False
            self.found[name] = reason
        self.report(name, reason)
        return True

    def _check(self) -> None:
        found = self.snapshot()
        allowed = max(1, floor(self.share * self.photos)) if self.share > 0 else 0
        if len(found) > allowed:
            raise PhotosUnusable(
                f"{len(found)} of {self.photos} photos cannot be read, and max_unreadable "
                f"({self.share:g}) allows {allowed}: {names_list(found)}; remove or replace "
                f"them, or raise max_unreadable. The last one: {list(found.values())[-1]}."
            )


def names_list(names: Mapping[str, object] | list[str]) -> str:
    """Return up to `NAMED` names, and how many more there are."""
    shown = [str(name) for name in names]
    more = f" and {len(shown) - NAMED} more" if len(shown) > NAMED else ""
    return ", ".join(shown[:NAMED]) + more


def path_shown(path: Path) -> str:
    """Return a path for a sentence: as it was given, or of an absolute one the last part alone."""
    text = path.name or str(path) if path.is_absolute() else str(path)
    return text if len(text) <= LETTERS else f"{text[:LETTERS]}…"
