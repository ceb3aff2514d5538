"""What a label file comes to, and what an importer of one is; no Django, no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable


class LabelsRefused(ValueError):
    """A label file that cannot be read as what it was said to be; one sentence for the person."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The scores that a file's people could give."""

    # The least and the greatest score.
    low: float
    high: float
    # Of distributions; 0 where there are only means. Bin i stands for the score first_bin + i.
    bins: int = 0
    first_bin: int = 1
    # False for DMOS: the greater, the worse.
    higher_is_better: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """What people judged one image to be worth."""

    # What the file calls the image, without folders; as published, with or without its suffix.
    name: str
    # On the scale of the file.
    mean: float
    sd: float | None = None
    # Shares of the scale's bins, which sum to 1.
    distribution: tuple[float, ...] | None = None
    votes: int | None = None
    # The image that this one is a distorted copy of, without folders.
    reference: str = ""
    # train, validation or test, where the file itself says so.
    part: str = ""
    attributes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that gave no row, and why."""

    # From 1; of JSON lists the entry's number.
    line: int
    name: str
    reason: str


@dataclass(slots=True)
class Read:
    """A label file: its rows in the file's order, and every line that gave none."""

    scale: Scale
    rows: list[Row] = field(default_factory=list)
    # Names that an earlier line has already; the earlier line counts.
    duplicates: list[Problem] = field(default_factory=list)
    # Scores outside of the scale.
    out_of_range: list[Problem] = field(default_factory=list)
    # Lines that are no labels: columns too few, no number, no votes.
    malformed: list[Problem] = field(default_factory=list)
    # Columns that nothing was taken from.
    unused: list[str] = field(default_factory=list)
    # Names that a list gives without a score.
    unscored: list[str] = field(default_factory=list)


class Importer(Protocol):
    """Reads one kind of label file. One file in models_app/labels and one line in the registry."""

    def read(self, path: Path, options: Mapping[str, str]) -> Read:
        """Read a file, gzip or not.

        Raises
        ------
        LabelsRefused
            If the file is not of this kind, or an option is unknown or cannot be used.
        """
        ...


@runtime_checkable
class Previewer(Protocol):
    """An importer whose options can be wrong for a file, which its first line tells."""

    def preview(self, path: Path, options: Mapping[str, str]) -> None:
        """Look at the first line, while somebody waits. Raises LabelsRefused as `read` would."""
        ...
