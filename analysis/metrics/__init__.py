"""How well predictions agree with the truth. A new metric: one function and one line below."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from analysis.metrics.base import Measure, Sample

Needs = Literal["scores", "distributions", "truth"]
Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a metric without importing it.

    Attributes
    ----------
    key, label : str
        Name in results, and for people.
    path : str
        Module and function below this package; the function makes a measure of a sample.
    needs : str
        "scores"; "distributions", a distribution over bins on both sides; or "truth" alone: a
        yardstick that is the same for all models.
    better : str
        Which direction is the better one.
    """

    key: str
    label: str
    path: str
    needs: Needs
    better: Better


def registry(*entries: Entry) -> MappingProxyType[str, Entry]:
    """Return the entries by key; ValueError where a key is there twice."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.key in found:
            raise ValueError(f"the key {entry.key!r} is registered twice; keys must differ")
        found[entry.key] = entry
    return MappingProxyType(found)


REGISTRY = registry(
    Entry("srcc", "SRCC (Spearman)", "correlation.srcc", "scores", "higher"),
    Entry("krcc", "KRCC (Kendall tau-b)", "correlation.krcc", "scores", "higher"),
    Entry("lcc", "LCC, raw (PLCC)", "correlation.lcc", "scores", "higher"),
    Entry("lcc_logistic", "LCC after the logistic", "logistic.lcc_logistic", "scores", "higher"),
    Entry("mae", "MAE", "errors.mae", "scores", "lower"),
    Entry("rmse", "RMSE", "errors.rmse", "scores", "lower"),
    Entry("mae_linear", "MAE after a linear map", "errors.mae_linear", "scores", "lower"),
    Entry("mae_constant", "MAE of the mean truth", "errors.mae_constant", "truth", "lower"),
    Entry("emd", "EMD (r = 2)", "distribution.emd", "distributions", "lower"),
    Entry("accuracy", "Accuracy", "accuracy.accuracy", "scores", "higher"),
    Entry(
        "balanced_accuracy", "Balanced accuracy", "accuracy.balanced_accuracy", "scores", "higher"
    ),
    Entry("majority", "Accuracy of the larger class", "accuracy.majority", "truth", "higher"),
)


@cache
def metric_get(key: str) -> "Callable[[Sample], Measure]":
    """Import a metric; ValueError names what there is."""
    if key not in REGISTRY:
        raise ValueError(f"{key!r} is no metric; allowed are: {', '.join(REGISTRY)}")
    module, name = REGISTRY[key].path.rsplit(".", 1)
    found = getattr(import_module(f"analysis.metrics.{module}"), name)
    return cast("Callable[[Sample], Measure]", found)
