"""Metrics of every cell on the same images, and on the same resamples of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.metrics import metric_get
from analysis.metrics.base import Counts, Measure, Sample, Vector, sample_make
from analysis.paired_bootstrap import Bootstrap, Matrix, Units, interval, resampled
from analysis.seeds import spread
from analysis.types import Undefined
from models_app.studies.base import Arm
from models_app.studies.report.inputs import Cell, Images, Judged, cells_of

METRICS = ("lcc", "srcc", "accuracy", "mae", "mae_linear")
YARDSTICKS = ("majority", "mae_constant")
Number = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """One column of a study: every cell's metrics, and what they are in each resample.

    Attributes
    ----------
    names
        Of the images, in the order of all arrays.
    judged
        By arm, in that order.
    cells
        Arms by cell.
    units, bootstrap
        What was drawn, and how often.
    problems
        Sentences on networks that judged other images and are left out.
    """

    names: tuple[str, ...]
    judged: Mapping[Arm, Judged]
    cells: Mapping[Cell, list[Arm]]
    units: Units
    bootstrap: Bootstrap
    problems: Sequence[str]
    _plain: Mapping[tuple[Cell, str], Vector]
    _drawn: Matrix
    _columns: Mapping[tuple[Cell, str], int]
    yardsticks: Mapping[str, float | None]

    def value(self, cell: Cell, metric: str) -> float | None:
        """Mean over seeds; None where a seed's predictions do not define it."""
        found = self._plain[cell, metric]
        return None if np.isnan(found).any() else float(found.mean())

    def drawn(self, cell: Cell, metric: str) -> Vector:
        """Return the mean over seeds in each resample, shape (resamples,); NaN where undefined."""
        return np.asarray(self._drawn[:, self._columns[cell, metric]])

    def number(self, cell: Cell, metric: str) -> Number:
        """Return {value, low, high, sd, seeds}; None for what is not defined."""
        plain = self._plain[cell, metric]
        value = self.value(cell, metric)
        sd = None if value is None else spread(plain).sd
        return {**self._ends(value, self.drawn(cell, metric)), "sd": sd, "seeds": len(plain)}

    def difference(self, cell: Cell, baseline: Cell, metric: str) -> Number:
        """Return {value, low, high} of a cell's metric minus the baseline's, drawn together."""
        ours, theirs = self.value(cell, metric), self.value(baseline, metric)
        value = None if ours is None or theirs is None else ours - theirs
        return self._ends(value, self.drawn(cell, metric) - self.drawn(baseline, metric))

    def _ends(self, value: float | None, drawn: Vector) -> Number:
        if value is None:
            return {"value": None, "low": None, "high": None}
        found = interval(drawn, self.bootstrap.confidence)
        return {"value": value, "low": found.low, "high": found.high}


def images_measure(images: Images, bootstrap: Bootstrap) -> Measured:
    """Measure a column.

    Raises
    ------
    Undefined
        Where there are too few images to measure or to draw from.
    """
    judged, problems = _same_images(images.judged)
    first = next(iter(judged.values()))
    units = Units(len(first.names), first.references)
    samples = {
        arm: sample_make(each.truth, each.prediction, threshold=images.threshold, rule=images.rule)
        for arm, each in judged.items()
    }
    cells = cells_of(judged)
    measures = {
        (arm, metric): metric_get(metric)(sample)
        for arm, sample in samples.items()
        for metric in METRICS
    }
    columns = {(cell, metric): 0 for cell in cells for metric in METRICS}
    columns = {key: place for place, key in enumerate(columns)}
    ones = np.ones(len(first.names))

    def statistic(counts: Counts) -> Vector:
        return np.array(
            [
                np.mean([_value(measures[arm, metric], counts) for arm in cells[cell]])
                for cell, metric in columns
            ]
        )

    return Measured(
        names=first.names,
        judged=judged,
        cells=cells,
        units=units,
        bootstrap=bootstrap,
        problems=problems,
        _plain={
            (cell, metric): np.array([_value(measures[arm, metric], ones) for arm in cells[cell]])
            for cell, metric in columns
        },
        _drawn=resampled(statistic, units, bootstrap),
        _columns=columns,
        yardsticks=_yardsticks(next(iter(samples.values())), ones),
    )


def _same_images(judged: Mapping[Arm, Judged]) -> tuple[dict[Arm, Judged], list[str]]:
    """Put all in one order; what judged other images than most is left out and named."""
    counts: dict[frozenset[str], int] = {}
    for each in judged.values():
        names = frozenset(each.names)
        counts[names] = counts.get(names, 0) + 1
    common = max(counts, key=lambda names: (counts[names], len(names)))
    order = sorted(common)
    same, problems = {}, []
    for arm, each in judged.items():
        if frozenset(each.names) == common:
            same[arm] = each.ordered(order)
        else:
            problems.append(
                f"{arm.path} judged {len(each.names)} images, which are not the {len(order)} of "
                "the others; it is left out."
            )
    return same, problems


def _value(measure: Measure, counts: Counts) -> float:
    try:
        return measure(counts)
    except Undefined:
        return float("nan")


def _yardsticks(sample: Sample, ones: Counts) -> dict[str, float | None]:
    """What guessing gives, which is the same for all networks."""
    found = {key: _value(metric_get(key)(sample), ones) for key in YARDSTICKS}
    return {key: None if np.isnan(value) else value for key, value in found.items()}
