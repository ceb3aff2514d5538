"""What goes along with weights that are passed on: a model card, as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from models_app.findings.agreement import SEEN, began_random, learnt_generated, seen_of
from models_app.findings.words import network_words, preprocessing_words
from models_app.jobs.versions import versions
from models_app.models import Checkpoint, Evaluation, Job
from models_app.selectors import model_registry as selectors

FORMAT = 1
# Of a job's result: figures that say what a training came to, not names of files or photos.
PLAIN = (bool, int, float, str)
LICENCE = (
    "Not stated. Weights may be bound by the licences of the photos and labels that they were "
    "trained on and of the weights that they began with, which are named here: find out before "
    "you pass them on."
)


def card_make(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return a checkpoint's card; a query an ancestor, and one for the scores."""
    parents = selectors.ancestry(checkpoint)
    scores = selectors.scores_by_split(checkpoint)
    return {
        "card_format": FORMAT,
        "name": checkpoint.name,
        "purpose": checkpoint.purpose,
        "architecture": {
            "key": checkpoint.architecture,
            "label": network_words(checkpoint),
        },
        "file": {
            "name": weights_name(checkpoint),
            "format": "safetensors",
            "bytes": checkpoint.bytes,
            "sha256": checkpoint.sha256,
        },
        "input": {
            "preprocessing": checkpoint.preprocessing,
            "in_words": preprocessing_words(checkpoint.preprocessing),
        },
        "output": _output(checkpoint),
        "marks": marks_of(checkpoint, parents, list(scores.values())),
        "source": checkpoint.source,
        "made_at": checkpoint.created_at.isoformat(timespec="seconds"),
        "training": training_of(checkpoint.made_by),
        "lineage": [_ancestor(parent) for parent in parents],
        "scores": [score_of(each) for each in scores.values()],
        "licence": LICENCE,
        "notes": checkpoint.notes,
        "written_by": {"program": "Proofsheet", "version": versions().get("proofsheet", "")},
    }


def marks_of(
    checkpoint: Checkpoint, parents: Sequence[Checkpoint] = (), scores: Sequence[Evaluation] = ()
) -> dict[str, Any]:
    """Return what must be said beside every figure of these weights."""
    generated = learnt_generated(checkpoint)
    is_begun = began_random([checkpoint, *parents])
    warnings = []
    if checkpoint.is_random and checkpoint.purpose == Checkpoint.Purpose.JUDGE:
        warnings.append(_("Random weights: scores mean nothing."))
    elif checkpoint.is_random or is_begun:
        warnings.append(_("The training began with random weights."))
    if generated:
        warnings.append(
            _("Learnt from generated images: a check of the plumbing, no scientific claim.")
        )
    if any(seen_of(each.metrics) for each in scores):
        warnings.append(
            _(
                "Some scores are of images that trained or validated it, and no test: "
                "seen_in_training says how many."
            )
        )
    return {
        "random_weights": checkpoint.is_random,
        "began_random": is_begun,
        "generated_labels": generated,
        "warnings": warnings,
    }


def training_of(job: Job | None) -> dict[str, Any] | None:
    """Return what weights were trained on and how; None where that is not known here."""
    if job is None:
        return None
    figures = {
        name: value
        for name, value in job.result.items()
        if isinstance(value, PLAIN) and not isinstance(value, str)
    }
    return {
        "job": job.pk,
        "kind": job.kind,
        "label": job.label,
        "dataset": job.dataset.name if job.dataset else job.config.get("dataset", ""),
        "label_set": job.config.get("label_set", ""),
        "split": job.config.get("split", ""),
        "configuration": job.config,
        "figures": figures,
        "seed": job.seed,
        "device": job.device,
        "versions": job.versions,
    }


def score_of(evaluation: Evaluation) -> dict[str, Any]:
    """Return one evaluation with the split that it belongs to."""
    metrics: Mapping[str, Any] = evaluation.metrics
    said = {
        key: {end: reading.get(end) for end in ("value", "low", "high", "undefined", "fallback")}
        for key, reading in (metrics.get("metrics") or {}).items()
    }
    return {
        "label_set": evaluation.label_set.name,
        "generated_labels": evaluation.label_set.is_generated,
        "split": evaluation.split.name if evaluation.split else "",
        "split_sha256": evaluation.split_sha256,
        "part": evaluation.part,
        "n": evaluation.n,
        # Images that trained or validated it; null where nobody knows.
        SEEN: metrics.get(SEEN),
        **{
            name: metrics.get(name)
            for name in ("threshold", "rule", "interval", "confidence", "resamples", "mapped")
        },
        "metrics": said,
        "job": evaluation.job_id,
        "made_at": evaluation.created_at.isoformat(timespec="seconds"),
    }


def weights_name(checkpoint: Checkpoint) -> str:
    """Return what a downloaded file is called, without anything that a file system minds."""
    return f"{file_stem(checkpoint)}.safetensors"


def file_stem(checkpoint: Checkpoint) -> str:
    kept = (c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in checkpoint.name)
    joined = "-".join(part for part in "".join(kept).split("-") if part)
    return joined[:80].strip(".-") or f"checkpoint-{checkpoint.pk}"


def _output(checkpoint: Checkpoint) -> str:
    if checkpoint.purpose == Checkpoint.Purpose.JUDGE:
        return "10 logits of the scores 1 to 10; their softmax is the distribution"
    return "features of the backbone; heads of the pretext task may be among the weights"


def _ancestor(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "name": checkpoint.name,
        "purpose": checkpoint.purpose,
        "architecture": checkpoint.architecture,
        "sha256": checkpoint.sha256,
        "source": checkpoint.source,
        "random_weights": checkpoint.is_random,
        "training": training_of(checkpoint.made_by),
    }
