"""Labels in a CSV file beside a folder of photos: what the command line reads."""

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models_app.imaging import open_photo
from models_app.networks.architectures import BINS
from models_app.training.data import path_shown
from models_app.training.errors import ConfigInvalid
from models_app.training.finetuning.data import TEST, TRAIN, VALIDATION, Members
from models_app.training.finetuning.errors import LabelsUnusable

# Reading a disk or a network is what takes the time; hashing lets other threads run.
_HASHERS = 8
_NAMES = ("image", "name")
_BINS = [[f"{letter}{place}" for place in range(1, BINS + 1)] for letter in ("", "b", "p", "score")]


class FolderLabelled:
    """Photos of a folder with the rows of a CSV file; see `finetuning.data.Labelled`.

    The file has a column `image`, the path below the folder, and ten columns of counts or shares
    of the scores 1 to 10: `1` to `10`, `b1` to `b10`, `p1` to `p10` or `score1` to `score10`.

    Raises
    ------
    LabelsUnusable
        If it cannot be read so.
    """

    def __init__(self, labels: Path, folder: Path) -> None:
        self._folder = folder
        self._rows = _rows(labels)
        self._names = tuple(self._rows)
        with ThreadPoolExecutor(_HASHERS) as pool:
            self._keys = list(pool.map(self._hash, self._names))

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._names)

    def name(self, index: int) -> str:
        """Return what the row calls the photo."""
        return self._names[index]

    def key(self, index: int) -> str:
        """Return the SHA-256 of the photo's file."""
        return self._keys[index]

    def open(self, index: int) -> Image.Image:
        """Decode it; see `training.data.Photos`."""
        return open_photo(self._folder / self._names[index])

    def distribution(self, index: int) -> NDArray[np.float64]:
        """Return the shares of the scores 1 to 10."""
        return self._rows[self._names[index]]

    def _hash(self, name: str) -> str:
        try:
            with (self._folder / name).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            # Stays in the list, so that it is counted and named when it is opened.
            return hashlib.sha256(f"unreadable:{name}".encode(errors="replace")).hexdigest()


def members_read(path: Path) -> Members:
    """Return the names by part of a JSON file.

    Raises
    ------
    LabelsUnusable
        If it is no object of lists of names.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise LabelsUnusable(
            f"The parts {path_shown(path)} cannot be read ({reason}); give a JSON file."
        ) from error
    good = isinstance(raw, Mapping) and all(
        isinstance(names, list) and all(isinstance(name, str) for name in names)
        for names in raw.values()
    )
    if not good:
        raise LabelsUnusable(
            f"{path_shown(path)} is no object of lists of names, as in "
            f'{{"{TRAIN}": ["a.jpg"], "{VALIDATION}": ["b.jpg"], "{TEST}": []}}.'
        )
    return dict(raw)


def _rows(path: Path) -> dict[str, NDArray[np.float64]]:
    found: dict[str, NDArray[np.float64]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            name, bins = _columns(path, reader.fieldnames or [])
            for row in reader:
                image = row[name] or ""
                if image in found:
                    raise LabelsUnusable(
                        f"{path_shown(path)}, line {reader.line_num}: {image[:80]!r} has a label "
                        "already; leave one row."
                    )
                found[image] = _shares(path, reader.line_num, [row[each] for each in bins])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise LabelsUnusable(
            f"The labels {path_shown(path)} cannot be read ({reason}); give a CSV file."
        ) from error
    return found


def _columns(path: Path, header: Sequence[str]) -> tuple[str, list[str]]:
    names = [each for each in _NAMES if each in header]
    bins = [each for each in _BINS if set(each) <= set(header)]
    if not names or not bins:
        raise LabelsUnusable(
            f"{path_shown(path)} needs a column image and {BINS} columns b1 to b{BINS} with counts "
            f"or shares of the scores 1 to {BINS}; its first line has: "
            f"{', '.join(header)[:200] or 'nothing'}."
        )
    return names[0], bins[0]


def _shares(path: Path, line: int, cells: Sequence[str | None]) -> NDArray[np.float64]:
    try:
        counts = np.array([float(cell or "") for cell in cells], dtype=np.float64)
    except ValueError as error:
        raise LabelsUnusable(
            f"{path_shown(path)}, line {line}: a cell of the scores is no number; correct it."
        ) from error
    total = float(counts.sum())
    if not (np.isfinite(counts).all() and (counts >= 0).all() and total > 0):
        raise LabelsUnusable(
            f"{path_shown(path)}, line {line}: counts must be finite, none negative and not all 0; "
            "correct them."
        )
    shares: NDArray[np.float64] = counts / total
    return shares


def part_check(members: Members, part: str) -> None:
    """Refuse a part that is not among these or is empty."""
    if not members.get(part):
        raise ConfigInvalid(
            f"There is no part {part[:80]!r}; the file of parts has: {', '.join(members)}."
        )
