"""From the files of an evaluation to arrays in the same order, with a record of what was used."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.metrics.evaluation import Scores
from models_app.evaluation.columns import (
    MAPPED,
    Scored,
    id_column,
    predictions_find,
    truth_find,
)
from models_app.evaluation.joining import Joined, Side, join, side_make
from models_app.evaluation.tables import Table, TableRefused, table_read

TRUTH, PREDICTIONS, BASELINE = "truth", "predictions", "baseline"
# In the app's own files: the image that each is a copy of.
REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Columns:
    """What the person said; None is found out. Of groups, "" is none."""

    ids: str | None = None
    truth: str | None = None
    predictions: str | None = None
    baseline: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One file, and which of its columns were used."""

    table: Table
    scored: Scored
    ids: str | None

    @property
    def is_mapped(self) -> bool:
        """Whether it has predictions on the scale of the labels, as evaluations write them."""
        return self.scored.column is not None and self.scored.column.lower() == MAPPED

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.table.name,
            "sha256": self.table.sha256,
            "rows": self.table.rows,
            "column": self.scored.column,
            "bins": list(self.scored.bins.columns) if self.scored.bins else None,
            "id_column": self.ids,
        }


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which column of the truth says what is drawn together.

    is_default: nobody asked for it; empty: images without a cell there, for which a default
    column is not used.
    """

    column: str | None
    is_default: bool = False
    empty: int = 0

    @property
    def is_used(self) -> bool:
        return self.column is not None and not (self.is_default and self.empty)


@dataclass(frozen=True, slots=True)
class Sources:
    """Truth, predictions and perhaps a baseline, by name in this order."""

    used: Mapping[str, Source]
    joined: Joined
    grouping: Grouping

    def scores(self, side: str) -> Scores:
        """Return a model's scores; its distributions where the truth has the same bins."""
        place, bins, truth = list(self.used).index(side), None, self.used[TRUTH].scored.bins
        own = self.used[side].scored.bins
        if own and truth and (len(own.columns), own.first) == (len(truth.columns), truth.first):
            bins = self.joined.bins(place)
        return Scores(self.joined.scores(place), bins)

    @property
    def groups(self) -> list[str] | None:
        return self.joined.groups(0) if self.grouping.is_used else None

    @property
    def group_column(self) -> str | None:
        return self.grouping.column if self.grouping.is_used else None


def sources_read(
    truth: Path, predictions: Path, *, baseline: Path | None = None, columns: Columns
) -> Sources:
    """Read, find columns and match; TableRefused says what is not clear."""
    files = {path.resolve(): table_read(path) for path in (truth, predictions, baseline) if path}
    true_table = files[truth.resolve()]
    together = len(files) == 1
    true = truth_find(true_table, columns.truth, has_predictions=together)
    wanted = {TRUTH: (true_table, true)}
    for side, path, column in (
        (PREDICTIONS, predictions, columns.predictions),
        (BASELINE, baseline, columns.baseline),
    ):
        if path is not None:
            table = files[path.resolve()]
            taken = true.names if table is true_table else set()
            option = f"--{side.removesuffix('s')}-column"
            wanted[side] = table, predictions_find(table, column, taken=taken, option=option)
    used = {
        side: Source(table, scored, _ids(table, columns.ids, wanted, needed=not together))
        for side, (table, scored) in wanted.items()
    }
    group = columns.group if columns.group is not None else _group_find(used[TRUTH])
    sides = [
        _side(side, source, group or None if side == TRUTH else None)
        for side, source in used.items()
    ]
    joined = join(sides)
    empty = joined.groups(0).count("") if group else 0
    return Sources(used, joined, Grouping(group or None, columns.group is None, empty))


def _ids(
    table: Table, asked: str | None, wanted: Mapping[str, tuple[Table, Scored]], *, needed: bool
) -> str | None:
    scores = {name for of, scored in wanted.values() if of is table for name in scored.names}
    found = id_column(table, asked, other=scores)
    if found is None and needed:
        raise TableRefused(
            f"Which column of {table.name} names the image is not clear; name one with "
            f"--id-column: {', '.join(table.columns)}."
        )
    return found


def _group_find(truth: Source) -> str | None:
    """Return the column of references; None where there is none, or nothing in it."""
    cells = truth.table.columns.get(REFERENCE, [])
    return REFERENCE if any(cells) and REFERENCE not in truth.scored.names else None


def _side(label: str, source: Source, group: str | None) -> Side:
    if group is not None:
        source.table.column(group)
    return side_make(label, source.table, source.scored, source.ids, group)
