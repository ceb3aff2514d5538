"""Tables of labels and predictions, whatever separates their columns; no Django, no torch."""

import csv
import gzip
import hashlib
import math
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# As a public NIMA program writes them: "953844 mean: 5.962 | std: 1.420 | GT: 5.914".
_NIMA = re.compile(r"(\S+)\s+mean:\s*(\S+)\s*\|\s*std:\s*(\S+)\s*\|\s*GT:\s*(\S+)")
_NIMA_COLUMNS = ("image_id", "mean", "std", "GT")
_AVA_COLUMNS = (
    "index", "image_id", *(f"score{score}" for score in range(1, 11)), "tag1", "tag2", "challenge",
)  # fmt: skip
_SEPARATORS = ("\t", ";", ",")


class TableRefused(ValueError):
    """A table that cannot be used as asked; one sentence for the person."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file's cells as text, by column; columns without a name are called 1, 2 and so on."""

    name: str
    sha256: str
    columns: dict[str, list[str]]

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())))

    def column(self, name: str) -> list[str]:
        """Return a column by its name; TableRefused tells which there are."""
        if name not in self.columns:
            raise TableRefused(
                f"{self.name} has no column {name!r}; it has {', '.join(self.columns)}."
            )
        return self.columns[name]


def table_read(path: Path) -> Table:
    """Read CSV (with comma, semicolon or tab), blank separated columns, or NIMA's lines.

    Any of them may be compressed with gzip. AVA.txt, 15 whole numbers a line, has its columns
    named. A first line without numbers names the columns.

    Raises
    ------
    TableRefused
        For a file that cannot be read, without rows, or with lines of different lengths.
    """
    try:
        raw = path.read_bytes()
        data = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        lines = data.decode("utf-8-sig").splitlines()
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise TableRefused(f"{path.name} cannot be read ({reason}); name a file.") from error
    except UnicodeDecodeError as error:
        raise TableRefused(
            f"{path.name} is no text in UTF-8; allowed are CSV and blank separated tables, "
            "also compressed with gzip."
        ) from error
    numbered = [(place, line) for place, line in enumerate(lines, start=1) if line.strip()]
    if not numbered:
        raise TableRefused(f"{path.name} is empty; it needs a row for each image.")
    names, rows = _cells(path.name, numbered)
    return Table(path.name, hashlib.sha256(raw).hexdigest(), _columns(path.name, names, rows))


def number(cell: str) -> float | None:
    """Return the finite number that a cell says, or None."""
    try:
        found = float(cell)
    except ValueError:
        return None
    # Python also takes 1_000, which no table means.
    return found if math.isfinite(found) and "_" not in cell else None


Numbered = list[tuple[int, str]]
Rows = list[tuple[int, list[str]]]


def _cells(file: str, lines: Numbered) -> tuple[tuple[str, ...] | None, Rows]:
    """Return the names of the columns, where the layout or the first line tells, and the rows."""
    first = lines[0][1]
    if first.lstrip()[0] in "[{":
        raise TableRefused(
            f"{file} looks like JSON; allowed are CSV and blank separated tables, also "
            "compressed with gzip."
        )
    if _NIMA.fullmatch(first.strip()):
        return _NIMA_COLUMNS, [(place, _nima(file, place, line)) for place, line in lines]
    separator = next((each for each in _SEPARATORS if each in first), None)
    if separator is None:
        rows = [(place, line.split()) for place, line in lines]
    else:
        rows = [(place, _split(file, place, line, separator)) for place, line in lines]
    head = rows[0][1]
    if len(head) == len(_AVA_COLUMNS) and all(cell.isdigit() for cell in head):
        return _AVA_COLUMNS, rows
    if not _is_header(head):
        return None, rows
    if len(rows) == 1:
        raise TableRefused(f"{file} has names of columns and no rows; it needs one for each image.")
    return tuple(head), rows[1:]


def _split(file: str, place: int, line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
    except csv.Error as error:
        raise TableRefused(f"Line {place} of {file} is no CSV ({error}).") from error


def _nima(file: str, place: int, line: str) -> list[str]:
    found = _NIMA.fullmatch(line.strip())
    if found is None:
        raise TableRefused(
            f"Line {place} of {file} is not like the first, ID mean: X | std: X | GT: X."
        )
    return list(found.groups())


def _is_header(cells: list[str]) -> bool:
    numbers = [cell for cell in cells if number(cell) is not None]
    # Bins may be named by their scores alone.
    scores = [[str(score) for score in range(low, low + len(numbers))] for low in (0, 1)]
    return not numbers or (3 <= len(numbers) < len(cells) and numbers in scores)


def _columns(file: str, names: Iterable[str] | None, rows: Rows) -> dict[str, list[str]]:
    wide = len(rows[0][1])
    known = list(names) if names is not None else [""] * wide
    called = [name or str(place) for place, name in enumerate(known, start=1)]
    twice = sorted({name for name in called if called.count(name) > 1})
    if twice:
        raise TableRefused(f"{file} has several columns called {twice[0]!r}; names must differ.")
    for place, cells in rows:
        if len(cells) != len(called):
            raise TableRefused(
                f"Line {place} of {file} has {len(cells)} columns where {len(called)} are wanted."
            )
    return {name: [cells[i] for _place, cells in rows] for i, name in enumerate(called)}
