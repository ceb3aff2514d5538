"""Scores of a folder's photos as a CSV file that is whole, or not there."""

import csv
import io
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from models_app.findings.exports import number
from models_app.findings.marks import REMARK, checkpoint_marks
from models_app.models import Checkpoint
from survey.exports import cell

END = "\r\n"
COLUMNS = ("name", "mean", "sd", *(f"p{score}" for score in range(1, 11)), REMARK)


class Scored(Protocol):
    """What a network says of a photo: `models_app.networks.scoring.Score`."""

    @property
    def key(self) -> str: ...
    @property
    def mean(self) -> float: ...
    @property
    def sd(self) -> float: ...
    @property
    def distribution(self) -> tuple[float, ...]: ...


class Interrupted(Exception):
    """An earlier run left rows, and nobody said what is to become of them."""

    def __init__(self, part: Path, rows: int) -> None:
        super().__init__(f"{part} has {rows} rows")
        self.part = part
        self.rows = rows


class ScoreFile:
    """Rows gather in a hidden file beside the wanted one and take its place at the end.

    The hidden file is named after the weights, so that scores of two networks never mix. What was
    interrupted stays there, for `resume`; without it such rows raise Interrupted, and are not
    touched. Raises OSError.
    """

    def __init__(self, path: Path, checkpoint: Checkpoint, *, resume: bool = False) -> None:
        self.path = path
        self._remark = checkpoint_marks(checkpoint).remark
        self.part = path.with_name(f".{path.name}.{checkpoint.sha256[:12]}.part")
        names, end = _whole(self.part) if self.part.is_file() else ([], 0)
        if names and not resume:
            raise Interrupted(self.part, len(names))
        self._names = frozenset(names)
        self.rows = len(names)
        # Whole rows are never written again: whoever is killed here loses none.
        self._file = self.part.open("a", encoding="utf-8", newline="")
        self._file.truncate(end)
        self._writer = csv.writer(self._file, lineterminator=END)
        if not end:
            self._writer.writerow(COLUMNS)
            self._file.flush()

    def __contains__(self, name: str) -> bool:
        """Whether an earlier run had this photo."""
        return cell(name, "text") in self._names

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the file in its place, unless something went wrong or there is no row."""
        if kind is None and self.rows:
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()
        if not self.rows:
            self.part.unlink()
        elif kind is None:
            self.part.replace(self.path)

    def write(self, found: Scored) -> None:
        numbers = (found.mean, found.sd, *found.distribution)
        self._writer.writerow([cell(found.key, "text"), *map(number, numbers), self._remark])
        self.rows += 1

    def flush(self) -> None:
        self._file.flush()


def _whole(path: Path) -> tuple[list[str], int]:
    """Return the names of an interrupted run's rows, and where the last whole one ends, in bytes.

    0 where not even the header is whole. The first row that is not whole ends what counts.
    """
    head, end_of_line, _torn = path.read_bytes().rpartition(END.encode())
    names: list[str] = []
    read = end = 0

    def lines() -> Iterator[str]:
        nonlocal read
        for line in io.BytesIO(head + end_of_line):
            read += len(line)
            yield line.decode(errors="replace")

    # What is no table, as of a disk that lost power, is not whole either.
    with suppress(csv.Error):
        for n, row in enumerate(csv.reader(lines())):
            if len(row) != len(COLUMNS) or (n == 0 and tuple(row) != COLUMNS):
                break
            names += row[:1] if n else []
            end = read
    return names, end
