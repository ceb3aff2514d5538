"""All metrics that the data define, with intervals, for one model or several against a baseline."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from numpy.typing import ArrayLike

from analysis.metrics import REGISTRY, metric_get
from analysis.metrics.base import Rule, Sample, sample_make
from analysis.metrics.readings import Column, Draws, Reading, read
from analysis.paired_bootstrap import Bootstrap, Units


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's metrics by key, and how they were made.

    `units` are what resamples draw: as many as rows, or groups. `interval` is the name of the
    intervals, empty without.
    """

    n: int
    threshold: float
    rule: Rule
    metrics: Mapping[str, Reading]
    interval: str = ""
    units: int = 0
    resamples: int = 0
    seed: int = 0
    confidence: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain values for json.dumps; no NaN among them."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model says of every row: scores, shape (n,), and distributions, shape (n, bins)."""

    predictions: ArrayLike
    bins: ArrayLike | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Evaluations by model, and each model's metrics minus those of the baseline.

    Yardsticks that need the truth alone have no differences.
    """

    baseline: str
    evaluations: Mapping[str, Evaluation]
    differences: Mapping[str, Mapping[str, Reading]]

    def to_json(self) -> dict[str, Any]:
        """Return plain values for json.dumps; no NaN among them."""
        return asdict(self)


def evaluate(
    truth: ArrayLike,
    predictions: ArrayLike,
    *,
    truth_bins: ArrayLike | None = None,
    predicted_bins: ArrayLike | None = None,
    threshold: float,
    rule: Rule,
    intervals: Bootstrap | None = None,
    groups: ArrayLike | None = None,
    asked: Callable[[], object] = lambda: None,
) -> Evaluation:
    """Compute every metric that the data define.

    Parameters
    ----------
    truth, predictions : array_like of float, shape (n,)
        Scores, higher is better; rows in the same order.
    truth_bins, predicted_bins : array_like of float, shape (n, bins), or None
        Shares or counts of votes; EMD needs both.
    threshold, rule
        Of the classes behind the accuracies: "greater" or "at_least".
    intervals : Bootstrap or None
        Without it no intervals.
    groups : array_like, shape (n,), or None
        Rows of a group are drawn together; see `analysis.paired_bootstrap.Units`.
    asked : callable
        Called before every metric, of all rows and of each resample; it raises to end the work.

    Returns
    -------
    Evaluation
        Metrics that these rows do not define have no value and say why; the others stand.

    Raises
    ------
    Undefined
        With fewer than three rows, or intervals over fewer than two groups.
    ValueError
        For lengths that differ, numbers that are not finite, and so on (`sample_make`).
    """
    scores = {"": Scores(predictions, predicted_bins)}
    samples = _samples(truth, scores, truth_bins, threshold, rule)
    return _compared(samples, "", intervals, groups, asked).evaluations[""]


def compare(
    truth: ArrayLike,
    models: Mapping[str, Scores],
    *,
    baseline: str,
    truth_bins: ArrayLike | None = None,
    threshold: float,
    rule: Rule,
    intervals: Bootstrap | None = None,
    groups: ArrayLike | None = None,
    asked: Callable[[], object] = lambda: None,
) -> Comparison:
    """Evaluate models on the same rows and resamples, and their differences to a baseline.

    Parameters
    ----------
    models : mapping of str to Scores
        By name, the baseline among them.
    baseline : str
        What is subtracted.
    truth, truth_bins, threshold, rule, intervals, groups, asked
        As in `evaluate`.

    Raises
    ------
    Undefined, ValueError
        As `evaluate`; ValueError for a baseline that is no model.
    """
    if baseline not in models:
        raise ValueError(f"the baseline {baseline!r} is none of the models: {', '.join(models)}")
    samples = _samples(truth, models, truth_bins, threshold, rule)
    return _compared(samples, baseline, intervals, groups, asked)


def _samples(
    truth: ArrayLike,
    models: Mapping[str, Scores],
    truth_bins: ArrayLike | None,
    threshold: float,
    rule: Rule,
) -> dict[str, Sample]:
    return {
        name: sample_make(
            truth,
            scores.predictions,
            truth_bins=truth_bins,
            predicted_bins=scores.bins,
            threshold=threshold,
            rule=rule,
        )
        for name, scores in models.items()
    }


def _compared(
    samples: Mapping[str, Sample],
    baseline: str,
    intervals: Bootstrap | None,
    groups: ArrayLike | None,
    asked: Callable[[], object],
) -> Comparison:
    common = samples[baseline]
    n = len(common.truth)
    measures = {
        (name, key): metric_get(key)(sample)
        for name, sample in samples.items()
        for key in _keys(sample)
    }
    readings = {}
    for column, measure in measures.items():
        asked()
        readings[column] = read(measure, n)
    pairs = _pairs(list(readings), baseline)
    differences = {one: readings[one].minus(readings[other]) for one, other in pairs.items()}
    facts: dict[str, Any] = {"n": n, "threshold": common.threshold, "rule": common.rule}
    if intervals is not None:
        units, confidence = Units(n, groups), intervals.confidence
        draws = Draws(measures, units, intervals, asked=asked)
        readings = {
            column: reading.with_interval(*draws.of(column), confidence)
            for column, reading in readings.items()
        }
        differences = {
            one: reading.with_interval(*draws.difference(one, pairs[one]), confidence)
            for one, reading in differences.items()
        }
        facts |= _facts(units, intervals)
    return Comparison(
        baseline,
        {name: Evaluation(metrics=_of(name, readings), **facts) for name in samples},
        {name: _of(name, differences) for name in samples if name != baseline},
    )


def _keys(sample: Sample) -> list[str]:
    distributions = sample.truth_bins is not None and sample.predicted_bins is not None
    return [
        key for key, entry in REGISTRY.items() if entry.needs != "distributions" or distributions
    ]


def _pairs(columns: list[Column], baseline: str) -> dict[Column, Column]:
    """Return what is compared with what."""
    return {
        (model, key): (baseline, key)
        for model, key in columns
        if model != baseline and REGISTRY[key].needs != "truth" and (baseline, key) in columns
    }


def _of(name: str, readings: Mapping[Column, Reading]) -> dict[str, Reading]:
    return {key: reading for (model, key), reading in readings.items() if model == name}


def _facts(units: Units, intervals: Bootstrap) -> dict[str, Any]:
    return {
        "interval": units.method,
        "units": units.count,
        "resamples": intervals.resamples,
        "seed": intervals.seed,
        "confidence": intervals.confidence,
    }
