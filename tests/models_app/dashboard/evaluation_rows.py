"""Evaluations and fine-tunings for tests of pages: rows and files, without a network."""

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.metrics.evaluation import evaluate
from analysis.paired_bootstrap import Bootstrap
from models_app.findings.agreement import bins_of, figures
from models_app.jobs.finetune_outcome import figures as finetune_figures
from models_app.models import Checkpoint, Dataset, Evaluation, Job, Label, LabelSet, LabelSplit
from models_app.services.evaluations import (
    PREDICTIONS,
    Predictions,
    Scale,
    evaluation_record,
    predictions_csv,
)
from models_app.services.job_records import artifact_store
from models_app.training.finetuning.config import FinetuneConfig
from tests.jobs_rows import job_make

SHA = "ab" * 32


def checkpoint_row(name: str = "tuned", **values: Any) -> Checkpoint:
    defaults = {"architecture": "nima:mobilenet_v2", "file": "none", "bytes": 9, "sha256": SHA,
                "preprocessing": {"resize": 224, "mode": "pad_square"}}  # fmt: skip
    return Checkpoint.objects.create(name=name, **defaults | values)


def labels_make(
    dataset: Dataset, n: int, *, name: str = "labels", seed: int = 7, **values: Any
) -> LabelSet:
    """Labels of more images than there are photos, whose photos they share."""
    scale = {"scale_low": 1, "scale_high": 10}
    label_set = LabelSet.objects.create(name=name, kind="ava", dataset=dataset, **scale | values)
    dice = np.random.default_rng(seed)
    photos = list(dataset.photos.order_by("name"))
    Label.objects.bulk_create(
        Label(label_set=label_set, name=f"{place:06d}.jpg", photo=photos[place % len(photos)],
              mean=float(np.clip(dice.normal(5.4, 0.9), 1, 10)))
        for place in range(n)
    )  # fmt: skip
    return label_set


def predictions_make(label_set: LabelSet, *, skill: float, seed: int) -> Predictions:
    """Predictions that follow the labels as far as `skill` says, 0 to 1."""
    dice = np.random.default_rng(seed)
    labels = list(label_set.labels.order_by("name"))
    truth = np.array([label.mean for label in labels])
    said = 5.4 + skill * (truth - 5.4) + dice.normal(0, 0.55, len(truth))
    distribution = np.exp(-((np.arange(1, 11) - said[:, None]) ** 2) / 4)
    distribution /= distribution.sum(axis=1, keepdims=True)
    return Predictions(
        names=tuple(label.name for label in labels),
        truth=truth,
        prediction=np.clip(said, 1, 10),
        scale=Scale.of(label_set),
        distribution=distribution,
    )


def evaluation_make(
    checkpoint: Checkpoint,
    label_set: LabelSet,
    *,
    split: LabelSplit | None = None,
    skill: float = 0.6,
    seed: int = 3,
    **facts: Any,
) -> Evaluation:
    """An evaluation as a job leaves it."""
    predictions = predictions_make(label_set, skill=skill, seed=seed)
    truth_bins, predicted_bins = bins_of(predictions)
    found = evaluate(
        predictions.truth,
        predictions.mapped,
        truth_bins=truth_bins,
        predicted_bins=predicted_bins,
        threshold=predictions.scale.threshold,
        rule="greater",
        intervals=Bootstrap(100, seed=1),
    )
    scale = predictions.scale
    metrics = {
        **found.to_json(),
        "scale": {"low": scale.low, "high": scale.high, "bins": scale.bins,
                  "first_bin": scale.first_bin, "higher_is_better": scale.higher_is_better},
        "mapped": not scale.is_ours, "mae_unmapped": 1.5, "missing": 0, "unreadable": 0,
        "unreadable_names": [], "same_pictures": 0, "split": split.name if split else "",
        **facts,
    }  # fmt: skip
    job = job_make(
        "running", kind="evaluate", label=f"Evaluation of {checkpoint.name}",
        config={"checkpoint": checkpoint.name, "label_set": label_set.name},
        checkpoint=checkpoint, dataset=label_set.dataset, result=figures(metrics),
    )  # fmt: skip
    content = "".join(predictions_csv(predictions)).encode()
    artifact_store(job, PREDICTIONS, content, content_type="text/csv")
    Job.objects.filter(pk=job.pk).update(state="succeeded", lease="")
    return evaluation_record(
        job, checkpoint=checkpoint, label_set=label_set, split=split, part="test",
        metrics=metrics, n=len(predictions),
    )  # fmt: skip


def results_make(epochs: int = 24, *, unfrozen: int | None = 8, **values: Any) -> dict[str, Any]:
    """What a fine-tuning's results.json holds."""
    free = unfrozen if unfrozen is not None else epochs
    loss = [0.075 - 0.012 * (1 - math.exp(-n / 3)) - 0.01 * max(0, n - free) / epochs
            for n in range(1, epochs + 1)]  # fmt: skip
    curves = [
        {
            "epoch": n, "step": 10 * n, "frozen": n <= free,
            "learning_rates": {"backbone": 1e-4, "head": 1e-3}, "train_loss": each + 0.004,
            "validation": {"total": each, "emd": each, "mae": 8 * each, "lcc": 0.9 - 6 * each,
                           "srcc": 0.88 - 6 * each},
        }
        for n, each in enumerate(loss, start=1)
    ]  # fmt: skip
    return {
        "format": 1, "kind": "finetuning", "epochs": epochs, "best_epoch": epochs - 4,
        "unfrozen_after": unfrozen, "stopped_early": True, "steps": 10 * epochs,
        "skipped_steps": 0,
        "photos": {"train": 240, "available": 300, "validation": 40, "unreadable": {}},
        "share": 0.8, "parts": SHA, "initial_weights": {"origin": "random", "random": True},
        "validation": curves[epochs - 5]["validation"],
        "constant": {"total": 0.071, "emd": 0.071, "mae": 0.55}, "seconds": 61.5,
        "images_per_s": 93.7, "config": FinetuneConfig().to_json_shared(), "curves": curves,
        **values,
    }  # fmt: skip


def finetuning_make(
    label_set: LabelSet | None = None, state: str = "succeeded", **values: Any
) -> Job:
    """A fine-tuning as a job leaves it; `results` False: without its files and figures."""
    known = FinetuneConfig(weights="random", width=0.35, side=64).to_json()
    config = {k: v for k, v in known.items() if k not in {"weights_file", "cache_folder"}}
    config |= {"label_set": "labels", "split": "split", "checkpoint": ""}
    config |= values.pop("config", {})
    results = results_make(**values.pop("results", {})) if state == "succeeded" else None
    marks = values.pop("marks", {"random_weights": True, "generated_labels": False})
    job = job_make(
        state, kind="finetune", label="Fine-tuning of mobilenet_v2 (random) on labels, split",
        config=config, dataset=label_set.dataset if label_set else None,
        result={**(finetune_figures(results) | marks if results else {}),
                **values.pop("result", {})}, **values,
    )  # fmt: skip
    if results is not None:
        Job.objects.filter(pk=job.pk).update(state="running", lease="held")
        job.lease = "held"
        content = json.dumps(results).encode()
        artifact_store(job, "results.json", content, content_type="application/json")
        artifact_store(job, "curves.csv", b"epoch\r\n", content_type="text/csv")
        Job.objects.filter(pk=job.pk).update(state="succeeded", lease="")
    return job


def names_of(rows: Sequence[Evaluation]) -> list[str]:
    return [each.checkpoint.name for each in rows]
