"""Finding the image that a label names among the files of a folder or the photos of a dataset."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

from models_app.imaging import SUFFIXES


class Finder:
    """Knows images by their paths; a name is looked for in three ways, the strictest first.

    As it is written; without regard to case (TID2013 has I01_01_1.bmp beside i01_01_2.bmp); and
    without regard to case and suffix (AVA's 953619 is 953619.jpg). Folders in the name, if any,
    must be the image's last folders.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_stem: defaultdict[str, list[str]] = defaultdict(list)
        for path in paths:
            self._by_stem[_stem(path)].append(path)

    def find(self, name: str) -> list[str]:
        """Return the images of this name; more than one where the name does not tell."""
        near = [path for path in self._by_stem.get(_stem(name), ()) if _fits(path, name)]
        for same in (_ends, _ends_whatever_case):
            found = [path for path in near if same(path, name)]
            if found:
                return found
        return near


def _stem(path: str) -> str:
    base = PurePosixPath(path).name
    bare, dot, suffix = base.rpartition(".")
    return (bare if f"{dot}{suffix}".lower() in SUFFIXES else base).casefold()


def _fits(path: str, name: str) -> bool:
    folders = [part.casefold() for part in PurePosixPath(name).parts[:-1]]
    inside = [part.casefold() for part in PurePosixPath(path).parts[:-1]]
    return not folders or inside[-len(folders) :] == folders


def _ends(path: str, name: str) -> bool:
    return f"/{path}".endswith(f"/{name}")


def _ends_whatever_case(path: str, name: str) -> bool:
    return _ends(path.casefold(), name.casefold())
