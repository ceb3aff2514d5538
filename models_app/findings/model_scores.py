"""Scores of several checkpoints side by side: a row a split, never two splits in one row."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.http import urlencode
from django.utils.translation import gettext as _

from analysis.metrics import REGISTRY
from models_app.findings.agreement import SEEN, seen_of
from models_app.findings.marks import REMARK, evaluation_marks
from models_app.models import Checkpoint, Evaluation
from models_app.selectors import model_registry as selectors
from models_app.selectors.model_registry import Tested
from survey.exports import cell

FIRST_METRIC = "srcc"


@dataclass(frozen=True, slots=True)
class Cell:
    """One score of one checkpoint; `evaluation` None where it was not judged there."""

    evaluation: Evaluation | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    # Why there is no value though it was judged.
    undefined: str = ""
    is_best: bool = False
    # Judged images that it was tuned with: then it is no test, and never the best.
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One part of one split, and what each checkpoint scored there."""

    example: Evaluation
    cells: tuple[Cell, ...]

    @property
    def differs_in_n(self) -> bool:
        """Whether some checkpoints were measured on fewer images, which could not be read."""
        return len({each.evaluation.n for each in self.cells if each.evaluation}) > 1

    @property
    def differences(self) -> str:
        """Where differences of this row are tested, as a query; empty with fewer than two."""
        found = [each.evaluation.pk for each in self.cells if each.evaluation]
        pairs = [("evaluation", pk) for pk in found] + [("baseline", pk) for pk in found[:1]]
        return urlencode(pairs) if len(found) > 1 else ""


def metric_choices() -> list[tuple[str, str]]:
    """Metrics that tell networks apart, in the order of the registry."""
    return [(key, each.label) for key, each in REGISTRY.items() if each.needs != "truth"]


def rows_make(checkpoints: Sequence[Checkpoint], metric: str) -> list[Row]:
    """Return a row for every split that one of them was judged on; a query a checkpoint."""
    scores = [selectors.scores_by_split(each) for each in checkpoints]
    examples: dict[Tested, Evaluation] = {}
    for found in scores:
        for tested, evaluation in found.items():
            examples.setdefault(tested, evaluation)
    ordered = sorted(examples.items(), key=lambda pair: selectors.order(pair[1]))
    return [
        Row(example, _best_marked([_cell(found.get(tested), metric) for found in scores], metric))
        for tested, example in ordered
    ]


def rows_csv(checkpoints: Sequence[Checkpoint], metric: str) -> Iterator[str]:
    """Yield one row a checkpoint and split."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(
        ["checkpoint", "label_set", "split", "part", "split_sha256", "metric", "value", "low",
         "high", "n", SEEN, REMARK]
    )  # fmt: skip
    for row in rows_make(checkpoints, metric):
        for checkpoint, each in zip(checkpoints, row.cells, strict=True):
            found = each.evaluation
            if found is None:
                continue
            split = found.split.name if found.split else ""
            ends = ["" if end is None else repr(end) for end in (each.value, each.low, each.high)]
            yield writer.writerow(
                [cell(checkpoint.name, "text"), cell(found.label_set.name, "text"),
                 cell(split, "text"), found.part, found.split_sha256, metric, *ends, found.n,
                 "" if found.metrics.get(SEEN) is None else found.metrics[SEEN],
                 evaluation_marks(found).remark]
            )  # fmt: skip


class _Echo:
    def write(self, text: str, /) -> str:
        return text


def _cell(evaluation: Evaluation | None, metric: str) -> Cell:
    if evaluation is None:
        return Cell()
    reading: dict[str, Any] = (evaluation.metrics.get("metrics") or {}).get(metric) or {}
    return Cell(
        evaluation,
        reading.get("value"),
        reading.get("low"),
        reading.get("high"),
        reading.get("undefined", "") if reading else _("not measured"),
        seen=seen_of(evaluation.metrics),
    )


def _best_marked(cells: list[Cell], metric: str) -> tuple[Cell, ...]:
    """Mark the best where there are at least two to choose from; equal ones alike.

    Networks that were tuned with some of the images are none to choose from.
    """
    values = [each.value for each in cells if each.value is not None and not each.seen]
    if len(values) < 2:
        return tuple(cells)
    best = max(values) if REGISTRY[metric].better == "higher" else min(values)
    return tuple(replace(each, is_best=each.value == best and not each.seen) for each in cells)
