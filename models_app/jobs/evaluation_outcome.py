"""What an evaluation leaves: predictions, metrics with intervals, its row."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from analysis.metrics.base import Rule
from analysis.metrics.evaluation import Evaluation, evaluate
from analysis.paired_bootstrap import Bootstrap
from analysis.types import Undefined
from models_app.errors import JobError
from models_app.findings import agreement, exports
from models_app.findings.marks import Marks
from models_app.jobs.context import Context
from models_app.jobs.evaluation_labels import LEAST, Judged, same_pictures
from models_app.jobs.evaluation_seen import lineage_of, seen_in_training
from models_app.jobs.photo_walk import PhotoWalk
from models_app.models import Checkpoint, Label, LabelSet, LabelSplit
from models_app.selectors import evaluations as selectors
from models_app.services.evaluations import (
    BINS,
    PREDICTIONS,
    Predictions,
    Scale,
    evaluation_record,
    predictions_csv,
)


@dataclass(frozen=True, slots=True)
class Measuring:
    """What is measured, of whom, and how."""

    checkpoint: Checkpoint
    label_set: LabelSet
    split: LabelSplit | None
    part: str
    rule: Rule
    threshold: float
    resamples: int
    seed: int


def outcome_store(measuring: Measuring, judged: Judged, walk: PhotoWalk, context: Context) -> None:
    """Measure and store; where a worker died on the way, another one does all of it again."""
    context.stage(_("measuring"))
    predictions = predictions_make(judged.labels, selectors.scores_by_photo(context.job), measuring)
    if len(predictions) < LEAST:
        raise JobError(
            _(
                "Only %(n)d images could be read, and an evaluation needs %(least)d; the log says "
                "why of each."
            )
            % {"n": len(predictions), "least": LEAST}
        )
    # Nothing is kept of half the metrics: more urgent work waits for the others.
    found = _measured(predictions, measuring, lambda: context.check(yielding=False))
    context.check()
    context.stage(_("writing files"))
    lineage = lineage_of(measuring.checkpoint)
    facts = _facts(predictions, judged, walk, measuring)
    names = set(predictions.names)
    measured = [label for label in judged.labels if label.name in names]
    flaws = _marks(measuring, lineage)
    seen = seen_in_training(lineage, measured)
    marks = Marks(
        is_random=flaws["random_weights"],
        is_generated=flaws["generated_labels"],
        began_random=flaws["began_random"],
        seen=seen or 0,
    )
    metrics = {
        **found.to_json(),
        **facts,
        agreement.SEEN: seen,
        "marks": marks.said,
    }
    with exports.file_of(predictions_csv(predictions, remark=marks.remark)) as path:
        context.artifact(PREDICTIONS, path, "text/csv")
    content = json.dumps(metrics, indent=1, allow_nan=False).encode()
    context.artifact("metrics.json", content, "application/json")
    with exports.file_of(agreement.metrics_csv(metrics)) as path:
        context.artifact("metrics.csv", path, "text/csv")
    context.result(**agreement.figures(metrics), **flaws)
    with context.saving():
        evaluation_record(
            context.job,
            checkpoint=measuring.checkpoint,
            label_set=measuring.label_set,
            split=measuring.split,
            part=measuring.part,
            metrics=metrics,
            n=len(predictions),
        )


def predictions_make(
    labels: Sequence[Label], scores: dict[int, selectors.Said], measuring: Measuring
) -> Predictions:
    """Put side by side what people and the network said, of every image that both know."""
    known = [label for label in labels if label.photo_id in scores]
    said = [scores[label.photo_id] for label in known if label.photo_id is not None]
    shares = [label.distribution for label in known]
    references = tuple(label.reference for label in known)
    return Predictions(
        names=tuple(label.name for label in known),
        truth=np.array([label.mean for label in known], dtype=np.float64),
        prediction=np.array([mean for mean, _shares in said], dtype=np.float64),
        scale=Scale.of(measuring.label_set),
        distribution=np.array([each for _mean, each in said], dtype=np.float64).reshape(-1, BINS),
        truth_distribution=np.array(shares, dtype=np.float64) if known and all(shares) else None,
        references=references if known and all(references) else None,
    )


def _measured(
    predictions: Predictions, measuring: Measuring, asked: Callable[[], None]
) -> Evaluation:
    references = predictions.references
    # Copies of one image alone leave nothing to draw from.
    can_draw = references is None or len(set(references)) > 1
    bootstrap = Bootstrap(measuring.resamples, seed=measuring.seed)
    truth_bins, predicted_bins = agreement.bins_of(predictions)
    try:
        return evaluate(
            predictions.truth,
            predictions.mapped,
            truth_bins=truth_bins,
            predicted_bins=predicted_bins,
            threshold=measuring.threshold,
            rule=measuring.rule,
            intervals=bootstrap if can_draw else None,
            groups=references if can_draw else None,
            asked=asked,
        )
    except Undefined as error:
        raise JobError(str(error)) from error


def _facts(
    predictions: Predictions, judged: Judged, walk: PhotoWalk, measuring: Measuring
) -> dict[str, Any]:
    """What else belongs to the figures."""
    scale = predictions.scale
    unmapped = float(np.abs(predictions.prediction - predictions.truth).mean())
    return {
        "scale": {"low": scale.low, "high": scale.high, "bins": scale.bins,
                  "first_bin": scale.first_bin, "higher_is_better": scale.higher_is_better},
        # Predictions were put on the labels' scale, ends on ends, before errors were measured.
        "mapped": not scale.is_ours,
        # Without that, as a paper may have it.
        "mae_unmapped": unmapped,
        "missing": judged.missing,
        "unreadable": walk.unreadable,
        "unreadable_names": walk.names,
        "same_pictures": same_pictures(judged.labels),
        "checkpoint": {"name": measuring.checkpoint.name, "sha256": measuring.checkpoint.sha256},
        "label_set": measuring.label_set.name,
        "split": measuring.split.name if measuring.split else "",
        "split_sha256": measuring.split.sha256 if measuring.split else "",
        "part": measuring.part if measuring.split else "",
    }  # fmt: skip


def _marks(measuring: Measuring, lineage: Sequence[Checkpoint]) -> dict[str, bool]:
    """What must be said beside every figure."""
    return {
        "random_weights": measuring.checkpoint.is_random,
        "began_random": agreement.began_random(lineage),
        "generated_labels": agreement.is_generated(measuring.checkpoint, measuring.label_set),
    }
