"""From a label file to its lines and cells, gzip or not."""

import csv
import gzip
import json
import math
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from models_app.labels.base import LabelsRefused

MAX_BYTES = 1_000_000_000
# A first line is not longer.
HEADER_BYTES = 1_000_000
PARTS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


def text_read(path: Path, most: int = MAX_BYTES) -> str:
    """Return the file's text, unpacked where it is gzip; at most so many bytes of it are unpacked.

    Raises LabelsRefused.
    """
    try:
        content = _bytes_read(path, most + 1)
        if len(content) > most:
            raise LabelsRefused(
                f"The file {path.name} has more than {most / 10**6:g} MB of text; allowed are so "
                "many: is it the right one?"
            )
        text = content.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise LabelsRefused(f"The label file {path.name} cannot be read ({reason}).") from error
    if not text.strip():
        raise LabelsRefused(f"The label file {path.name} is empty; give a file with labels.")
    return text


def _bytes_read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with gzip.open(path) if packed else path.open("rb") as file:
        return file.read(most)


def header_read(path: Path) -> list[str]:
    """Return the cells of a table's first line, without a look at the others; LabelsRefused."""
    try:
        # The end may cut a letter; whoever reads all of it checks the letters.
        text = _bytes_read(path, HEADER_BYTES).decode("utf-8-sig", errors="replace")
        first = next((line for line in text.splitlines() if line.strip()), "")
        cells = next(csv.reader([first], delimiter=_delimiter(first)), [])
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise LabelsRefused(f"The label file {path.name} cannot be read ({error}).") from error
    return [cell.strip() for cell in cells]


def lines_read(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (number, words) of every line that is not blank; words are divided by blanks."""
    for number, line in enumerate(text_read(path).splitlines(), start=1):
        words = line.split()
        if words:
            yield number, words


def json_read(path: Path) -> list[Any]:
    """Return the entries of a JSON list. Raises LabelsRefused."""
    try:
        entries = json.loads(text_read(path))
    except ValueError as error:
        raise LabelsRefused(f"The label file {path.name} is no JSON ({error}).") from error
    if not isinstance(entries, list):
        raise LabelsRefused(
            f"The label file {path.name} holds no list; expected are entries with image_id "
            "and label."
        )
    return entries


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file: its header, and (line, cells) of every further line that is not blank."""

    header: list[str]
    lines: list[tuple[int, list[str]]]


def table_read(path: Path) -> Table:
    """Read a table whose cells are divided by commas, semicolons or tabs, as its first line is."""
    text = text_read(path)
    first = next(line for line in text.splitlines() if line.strip())
    reader = csv.reader(text.splitlines(), delimiter=_delimiter(first))
    try:
        lines = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise LabelsRefused(f"The label file {path.name} is no table ({error}).") from error
    return Table([cell.strip() for cell in lines[0][1]], lines[1:])


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def column_of(header: Sequence[str], *names: str) -> int | None:
    """Return the place of the first of these columns, whatever the case."""
    lowered = [cell.lower() for cell in header]
    for name in names:
        if name.lower() in lowered:
            return lowered.index(name.lower())
    return None


def is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def base_name(path: str) -> str:
    return PurePosixPath(path.strip().replace("\\", "/")).name


def names_of(paths: Sequence[str]) -> dict[str, str]:
    """Return what each path is called: its last part, where that tells all of them apart.

    Where two folders hold files of one name (LIVE: jp2k/img2.bmp and jpeg/img2.bmp), all keep
    their folders but those that all of them share.
    """
    different = dict.fromkeys(path.strip().replace("\\", "/") for path in paths)
    bases = {path: base_name(path) for path in different}
    if len(set(bases.values())) == len(different):
        return bases
    parts = {path: PurePosixPath(path).parts for path in different}
    shared = 0
    for level in zip(*(folders[:-1] for folders in parts.values()), strict=False):
        if len(set(level)) > 1:
            break
        shared += 1
    return {path: "/".join(folders[shared:]) for path, folders in parts.items()}


def part_of(path: Path) -> str:
    """Return the part that a file's own name tells (train.csv.gz, generic_test.jpgl), else ""."""
    words = re.split(r"[^a-z]+", path.name.lower())
    found = {PARTS[word] for word in words if word in PARTS}
    return found.pop() if len(found) == 1 else ""
