"""How far a network agrees with people, as pages, files and jobs say it."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis.metrics import REGISTRY
from models_app.models import Checkpoint, LabelSet
from models_app.services.evaluations import BINS, REMARK, Floats, Predictions

# Judged images that trained or validated the network; None where nobody knows.
SEEN = "seen_in_training"
# On the job and in lists; the page of an evaluation has them all.
FIRST = ("srcc", "lcc", "accuracy", "majority", "mae", "emd")


def bins_of(predictions: Predictions) -> tuple[Floats | None, Floats | None]:
    """Return distributions of labels and predictions that compare bin by bin, or None twice.

    Ten bins do, whatever their first score is: predictions are put on the labels' scale, ends on
    ends.
    """
    theirs = predictions.truth_distribution
    if theirs is None or theirs.shape[1] != BINS or not predictions.scale.higher_is_better:
        return None, None
    return theirs, predictions.distribution


def seen_of(metrics: Mapping[str, Any]) -> int:
    """How many of the judged images the network was tuned with; 0 also where nobody knows.

    A score of such images is no test, and no comparison calls it the best.
    """
    return int(metrics.get(SEEN) or 0)


def is_generated(checkpoint: Checkpoint, label_set: LabelSet) -> bool:
    """Whether labels of drawn images have a part in what this network scores there."""
    return label_set.is_generated or learnt_generated(checkpoint)


def learnt_generated(checkpoint: Checkpoint | None) -> bool:
    """Whether weights were tuned on labels of drawn images, or came of such."""
    return checkpoint is not None and checkpoint.is_generated


def began_random(lineage: Sequence[Checkpoint]) -> bool:
    """Whether the first of these weights began with some that nobody trained."""
    # Each remembers it by itself, also when the job that made it is deleted.
    return any(each.began_random for each in lineage) or any(each.is_random for each in lineage[1:])


def figures(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the key figures of an evaluation's job: NAME, NAME_low and NAME_high."""
    found: dict[str, Any] = {"n": metrics["n"]}
    for key in FIRST:
        reading = metrics["metrics"].get(key)
        if reading is not None and reading["value"] is not None:
            found[key] = reading["value"]
            if reading["low"] is not None:
                found |= {f"{key}_low": reading["low"], f"{key}_high": reading["high"]}
    facts = ("threshold", "rule", "missing", "unreadable", "unreadable_names")
    return found | {name: metrics[name] for name in facts} | {SEEN: metrics.get(SEEN)}


def metrics_csv(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines: a row a metric, with its interval, why it has none, and what `marks` say."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    ends = ("value", "low", "high", "undefined", "fallback", "left_out")
    about = ("n", "threshold", "rule", "interval", "units", "resamples", "seed", "confidence",
             "label_set", "split", "split_sha256", "part")  # fmt: skip
    yield writer.writerow(["metric", "label", *ends, *about, SEEN, REMARK])
    seen = metrics.get(SEEN)
    said = [*(metrics[name] for name in about), "" if seen is None else seen]
    said.append(" ".join(metrics.get("marks", ())))
    for key, reading in metrics["metrics"].items():
        label = REGISTRY[key].label if key in REGISTRY else key
        cells = ["" if reading[end] is None else reading[end] for end in ends]
        yield writer.writerow([key, label, *cells, *said])


class _Echo:
    def write(self, text: str, /) -> str:
        return text
