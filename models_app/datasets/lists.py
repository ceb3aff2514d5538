"""Published lists that say which split a photo belongs to."""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from models_app.errors import DatasetError

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Listed:
    split: str
    # What the list calls the photo.
    list_name: str


def list_read(path: Path) -> dict[str, Listed]:
    """Read a list: photo's file name -> split.

    Three shapes, gzip or not: one column (file names; the split is in the list's own name, as in
    `train_set.txt`), two columns (name in the list, file name), and a table whose header names
    `authors_list` and `file`. A name in the list may carry its split: `train:photo-1.jpeg`.
    """
    rows = [row for row in _rows(path) if any(cell.strip() for cell in row)]
    if not rows:
        raise DatasetError(f"The list {path} is empty; give one photo a line.")
    if {"file", "authors_list"} <= set(rows[0]):
        name, file = rows[0].index("authors_list"), rows[0].index("file")
        pairs = ((row[name], row[file]) for row in rows[1:] if len(row) > max(name, file))
        # Photos that the authors did not use have an empty cell.
        return _listed(path, ((name, file) for name, file in pairs if name.strip()))
    widths = {len(row) for row in rows}
    if widths == {1}:
        return _listed(path, ((row[0], row[0]) for row in rows))
    if widths == {2}:
        return _listed(path, ((row[0], row[1]) for row in rows))
    raise DatasetError(
        f"The list {path} has lines of {', '.join(map(str, sorted(widths)))} columns; allowed are "
        "one (file name), two (name in the list, file name), or a header with authors_list and "
        "file."
    )


def _rows(path: Path) -> Iterator[list[str]]:
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        text = content.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"The list {path} cannot be read ({reason}).") from error
    delimiter = "\t" if "\t" in text else ","
    return csv.reader(text.splitlines(), delimiter=delimiter)


def _listed(path: Path, pairs: Iterable[tuple[str, str]]) -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    own = path.name.split(".")[0].removesuffix("_set")
    for raw, file in pairs:
        prefix, colon, rest = raw.strip().partition(":")
        split, name = (prefix, rest) if colon else (own, prefix)
        if split not in SPLITS:
            raise DatasetError(
                f"The list {path} does not say which split {raw.strip()!r} belongs to; name the "
                f"file train.txt, val.txt or test.txt, or write train:{name}."
            )
        listed = Listed(split, name)
        if found.setdefault(file.strip(), listed) != listed:
            raise DatasetError(f"The list {path} names {file.strip()!r} twice with other splits.")
    return found
