"""Scores of a folder's photos as a CSV file that is whole, or not there."""

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from models_app.findings.exports import number
from models_app.models import Checkpoint
from survey.exports import cell

COLUMNS = ("name", "mean", "sd", *(f"p{score}" for score in range(1, 11)))


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


class ScoreFile:
    """Rows gather in a hidden file beside the wanted one and take its place at the end.

    The hidden file is named after the weights, so that scores of two networks never mix. What was
    interrupted stays there, for `resume`. Raises OSError.
    """

    def __init__(self, path: Path, checkpoint: Checkpoint, *, resume: bool = False) -> None:
        self.path = path
        self.part = path.with_name(f".{path.name}.{checkpoint.sha256[:12]}.part")
        before = list(_rows_whole(self.part)) if resume and self.part.is_file() else []
        self._names = {row[0] for row in before}
        self.rows = len(before)
        self._file = self.part.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\r\n")
        self._writer.writerow(COLUMNS)
        self._writer.writerows(before)
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
        self._writer.writerow([cell(found.key, "text"), *map(number, numbers)])
        self.rows += 1

    def flush(self) -> None:
        self._file.flush()


def _rows_whole(path: Path) -> Iterator[list[str]]:
    """Yield the rows of an interrupted run; the last one may have been cut off."""
    text = path.read_bytes().decode(errors="replace")
    rows = csv.reader(io.StringIO(text[: text.rfind("\r\n") + 2], newline=""))
    next(rows, None)
    yield from (row for row in rows if len(row) == len(COLUMNS))
