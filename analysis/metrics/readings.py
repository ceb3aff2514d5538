"""What a measure says of a sample: a value with its interval, or why there is none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from analysis.metrics.base import Counts, FitFailed, Measure, Vector
from analysis.paired_bootstrap import Bootstrap, Units, interval, resampled
from analysis.types import Undefined

Column = tuple[str, str]
"""Names of a model and of a metric."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric, or a difference of two.

    Attributes
    ----------
    value : float or None
        None where the data do not define it.
    undefined : str
        Why there is no value.
    fallback : str
        Why the value is not what its name says (raw LCC, where no logistic was found).
    low, high : float or None
        Ends of the interval.
    left_out, fell_back : int
        Resamples that are not in the interval as they do not define the metric, and those that
        are in it with the fallback.
    """

    value: float | None
    undefined: str = ""
    fallback: str = ""
    low: float | None = None
    high: float | None = None
    left_out: int = 0
    fell_back: int = 0

    def minus(self, other: "Reading") -> "Reading":
        """Return the difference of two values, undefined where one of them is."""
        reasons = [each.undefined for each in (self, other)]
        fallbacks = [each.fallback for each in (self, other)]
        value = (
            None if self.value is None or other.value is None else float(self.value - other.value)
        )
        return Reading(value, _joined(reasons), _joined(fallbacks))

    def with_interval(self, values: Vector, fell_back: Vector, confidence: float) -> "Reading":
        """Return the reading with the ends of its resamples; without a value it has none."""
        if self.value is None:
            return self
        found = interval(values, confidence)
        return replace(
            self,
            low=found.low,
            high=found.high,
            left_out=found.left_out,
            fell_back=int(fell_back.sum()),
        )


def read(measure: Measure, n: int) -> Reading:
    """Return what a measure says of all rows."""
    try:
        return Reading(measure(np.ones(n)))
    except FitFailed as error:
        return Reading(error.instead, fallback=str(error))
    except Undefined as error:
        return Reading(None, undefined=str(error))


class Draws:
    """Values of many measures in the same resamples; `asked` as in `evaluation.evaluate`."""

    def __init__(
        self,
        measures: Mapping[Column, Measure],
        units: Units,
        bootstrap: Bootstrap,
        *,
        asked: Callable[[], object] = lambda: None,
    ) -> None:
        self._place = {column: place for place, column in enumerate(measures)}
        everything = list(measures.values())

        def statistic(counts: Counts) -> Vector:
            found = []
            for measure in everything:
                asked()
                found.append(_drawn(measure, counts))
            return np.array(found).ravel()

        found = resampled(statistic, units, bootstrap)
        self._values, self._fell_back = found[:, 0::2], found[:, 1::2]

    def of(self, column: Column) -> tuple[Vector, Vector]:
        """Return the value in each resample, NaN where undefined, and 1 where it fell back."""
        place = self._place[column]
        return self._values[:, place], self._fell_back[:, place]

    def difference(self, one: Column, other: Column) -> tuple[Vector, Vector]:
        """Return the same for one minus the other."""
        (values, fell), (subtracted, fell_too) = self.of(one), self.of(other)
        return values - subtracted, np.maximum(fell, fell_too)


def _drawn(measure: Measure, counts: Counts) -> tuple[float, float]:
    try:
        return measure(counts), 0.0
    except FitFailed as error:
        return error.instead, 1.0
    except Undefined:
        return float("nan"), 0.0


def _joined(texts: list[str]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))
