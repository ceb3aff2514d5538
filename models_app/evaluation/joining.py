"""Rows of several tables brought together by image; every row that is left out is named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_app.evaluation.columns import Scored, bins_mean
from models_app.evaluation.tables import Table, TableRefused, number

NAMED = 5
"""Left-out images that a report names; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Row:
    score: float
    bins: tuple[float, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One table's rows by image.

    no_number: images whose cells are no finite numbers; repeated: those that are there again
    with the same cells, which count once.
    """

    label: str
    rows: Mapping[str, Row]
    no_number: Sequence[str]
    repeated: Sequence[str]


@dataclass(frozen=True, slots=True)
class Joined:
    """Rows that all sides have, in the order of the first side."""

    ids: list[str]
    sides: tuple[Side, ...]
    # How images were matched, for people.
    by: str
    # By side: images that another side has.
    missing: tuple[list[str], ...]

    def scores(self, side: int) -> NDArray[np.float64]:
        rows = self.sides[side].rows
        return np.array([rows[each].score for each in self.ids])

    def bins(self, side: int) -> NDArray[np.float64]:
        rows = self.sides[side].rows
        return np.array([rows[each].bins for each in self.ids])

    def groups(self, side: int) -> list[str]:
        return [self.sides[side].rows[each].group for each in self.ids]

    def left_out(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return by side what is not in the result, and why: counted, the first ones named."""
        return {
            side.label: {
                key: {"count": len(names), "first": list(names[:NAMED])}
                for key, names in (
                    ("missing", missing),
                    ("no_number", side.no_number),
                    ("repeated", side.repeated),
                )
                if names
            }
            for side, missing in zip(self.sides, self.missing, strict=True)
        }


def side_make(
    label: str, table: Table, scored: Scored, ids: str | None, group: str | None = None
) -> Side:
    """Read a side; without a column of images its rows are named by their place, from 1.

    Raises
    ------
    TableRefused
        Where an image is there twice with different scores, or a row names none.
    """
    names = table.column(ids) if ids is not None else [str(i + 1) for i in range(table.rows)]
    rows: dict[str, Row] = {}
    no_number: list[str] = []
    repeated: list[str] = []
    twice: list[str] = []
    for place, name in enumerate(names):
        if not name:
            raise TableRefused(f"Row {place + 1} of {table.name} names no image in column {ids}.")
        row = _row(table, scored, group, place)
        if row is None:
            no_number.append(name)
        elif name not in rows:
            rows[name] = row
        else:
            (repeated if rows[name] == row else twice).append(name)
    if twice:
        raise TableRefused(
            f"{table.name} has {len(twice)} rows of images that it has already with other "
            f"values, the first is {twice[0]}; keep one row an image."
        )
    return Side(label, rows, no_number, repeated)


def join(sides: Sequence[Side]) -> Joined:
    """Match by the images' names as written, else without folders, suffix and case.

    Raises
    ------
    TableRefused
        Where no image is on all sides.
    """
    by = "name as written"
    together = _common(sides)
    if not together:
        by = "name without folder, suffix and case"
        sides = [_bare(side) for side in sides]
        together = _common(sides)
    if not together:
        firsts = "; ".join(f"{side.label}: {next(iter(side.rows), 'none')}" for side in sides)
        raise TableRefused(
            f"No image is in all files with a number (first names are {firsts}); check "
            "--id-column and the columns of scores."
        )
    everything = dict.fromkeys(name for side in sides for name in side.rows)
    known = [{*side.rows, *side.no_number} for side in sides]
    missing = tuple([name for name in everything if name not in names] for names in known)
    return Joined(together, tuple(sides), by, missing)


def _common(sides: Sequence[Side]) -> list[str]:
    return [name for name in sides[0].rows if all(name in side.rows for side in sides)]


def _bare(side: Side) -> Side:
    rows: dict[str, Row] = {}
    for name, row in side.rows.items():
        short = _short(name)
        if short in rows:
            raise TableRefused(
                f"The files name images in different ways, and without folder and suffix "
                f"{name} is not the only {short} of the {side.label}; write the names alike."
            )
        rows[short] = row
    return Side(side.label, rows, [_short(name) for name in side.no_number], side.repeated)


def _short(name: str) -> str:
    base = PurePosixPath(name.replace("\\", "/"))
    return (base.stem if base.suffix[1:].isalpha() else base.name).casefold()


def _row(table: Table, scored: Scored, group: str | None, place: int) -> Row | None:
    cells: list[float] = []
    for name in (*([scored.column] if scored.column else []), *_bin_names(scored)):
        found = number(table.columns[name][place])
        if found is None:
            return None
        cells.append(found)
    bins = cells[1:] if scored.column else cells
    score = cells[0] if scored.column else None
    if scored.bins is not None:
        mean = bins_mean(bins, scored.bins)
        if mean is None:
            return None
        score = mean if score is None else score
    if score is None:
        return None
    return Row(score, tuple(bins), table.column(group)[place] if group else "")


def _bin_names(scored: Scored) -> tuple[str, ...]:
    return scored.bins.columns if scored.bins else ()
