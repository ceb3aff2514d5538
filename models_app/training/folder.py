"""Photos in a folder and in the folders below it."""

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

from PIL import Image

from models_app.imaging import FORMATS_TEXT, SUFFIXES, open_photo
from models_app.training.data import path_shown
from models_app.training.errors import PhotosUnusable

# Reading a disk or a network is what takes the time; hashing lets other threads run.
_HASHERS = 8


class FolderPhotos:
    """The photos of a folder, by name; hidden files and folders are left out.

    Attributes
    ----------
    duplicates
        Names of files whose content another file has, too, to that one's name: they are left out.

    Raises
    ------
    PhotosUnusable
        If there is no such folder, it cannot be read, or there is no photo in it.
    """

    duplicates: Mapping[str, str]

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        names = sorted(_names(folder))
        if not names:
            raise PhotosUnusable(
                f"The folder {path_shown(folder)} holds no {FORMATS_TEXT} file; name one that does."
            )
        with ThreadPoolExecutor(_HASHERS) as pool:
            keys = list(pool.map(self._hash, names))
        first: dict[str, str] = {}
        for name, key in zip(names, keys, strict=True):
            first.setdefault(key, name)
        self.duplicates = MappingProxyType(
            {
                _text(name): _text(first[key])
                for name, key in zip(names, keys, strict=True)
                if first[key] != name
            }
        )
        self._photos = tuple((name, key) for key, name in first.items())

    def __len__(self) -> int:
        """Return how many contents there are."""
        return len(self._photos)

    def name(self, index: int) -> str:
        """Return the path below the folder, with slashes."""
        return _text(self._photos[index][0])

    def key(self, index: int) -> str:
        """Return the SHA-256 of the file's bytes."""
        return self._photos[index][1]

    def open(self, index: int) -> Image.Image:
        """Decode it; see `data.Photos`."""
        return open_photo(self._folder / self._photos[index][0])

    def _hash(self, name: str) -> str:
        try:
            with (self._folder / name).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            # Stays in the list, so that it is counted and named when it is opened.
            return hashlib.sha256(f"unreadable:{name}".encode(errors="replace")).hexdigest()


def _text(name: str) -> str:
    """Return a file's name as results can hold it: some systems' are no text."""
    return os.fsencode(name).decode(errors="backslashreplace")


def _names(folder: Path) -> list[str]:
    found = []
    try:
        if not folder.is_dir():
            raise PhotosUnusable(
                f"There is no folder {path_shown(folder)}; name one that holds photos."
            )
        for path in folder.rglob("*"):
            name = path.relative_to(folder)
            hidden = any(part.startswith(".") for part in name.parts)
            if not hidden and path.suffix.lower() in SUFFIXES and not path.is_dir():
                found.append(name.as_posix())
    except OSError as error:
        raise PhotosUnusable(
            f"The folder {path_shown(folder)} cannot be read ({error.strerror or error}); name "
            "one that can."
        ) from error
    return found
