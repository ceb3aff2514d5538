"""Figures of fine-tunings and of evaluations in words, on the pages of their jobs."""

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

LOW, HIGH = gettext_lazy("lower bound (95%)"), gettext_lazy("upper bound (95%)")
VALIDATION = gettext_lazy("validation")
# By the key in Job.result, in the order of a job's page.
FINETUNE_LABELS: dict[str, Any] = {
    "photos_train": gettext_lazy("Photos learnt from"),
    "photos_available": gettext_lazy("Photos that could train"),
    "photos_validation": gettext_lazy("Photos validated on"),
    "missing": gettext_lazy("Images not at hand or excluded"),
    "share": gettext_lazy("Share of the labels"),
    "parts": gettext_lazy("SHA-256 of the images and labels learnt from"),
    "validation_loss": gettext_lazy("Best validation loss"),
    "validation_emd": format_lazy("EMD, {}", VALIDATION),
    "validation_srcc": format_lazy("SRCC, {}", VALIDATION),
    "validation_lcc": format_lazy("LCC, {}", VALIDATION),
    "validation_mae": format_lazy("MAE, {}", VALIDATION),
    "constant_emd": gettext_lazy("EMD of a guess that knows no photo"),
    "epochs": gettext_lazy("Epochs"),
    "best_epoch": gettext_lazy("Best epoch"),
    "unfrozen_after": gettext_lazy("Epochs with frozen layers"),
    "stopped_early": gettext_lazy("Stopped early"),
    "steps": gettext_lazy("Steps"),
    "skipped_steps": gettext_lazy("Steps skipped, not finite"),
    "seconds": gettext_lazy("Seconds in steps"),
    "images_per_s": gettext_lazy("Pictures a second"),
    "memory_mb": gettext_lazy("Memory (MB)"),
    "initial_weights": gettext_lazy("Initial weights"),
    "label_set": gettext_lazy("Label set"),
    "split": gettext_lazy("Split"),
    "split_sha256": gettext_lazy("SHA-256 of the split"),
    "random_weights": gettext_lazy("Random initial weights"),
    "generated_labels": gettext_lazy("Labels of generated images"),
    "unreadable": gettext_lazy("Photos that could not be read"),
    "unreadable_names": gettext_lazy("Their names"),
}
# What somebody wants to see while a run trains.
FINETUNE_CURVES = (
    "validation/total", "loss/total", "validation/srcc", "validation/lcc", "validation/mae",
    "validation/emd", "learning_rate", "learning_rate/heads", "speed/images_per_s",
)  # fmt: skip
_MEASURED: dict[str, Any] = {
    "srcc": "SRCC",
    "lcc": "LCC",
    "accuracy": gettext_lazy("Accuracy"),
    "majority": gettext_lazy("Accuracy of the larger class"),
    "mae": "MAE",
    "emd": "EMD",
}
EVALUATE_LABELS: dict[str, Any] = {
    "n": gettext_lazy("Images judged"),
    **{
        f"{name}{end}": label if not end else format_lazy("{}, {}", label, words)
        for name, label in _MEASURED.items()
        for end, words in (("", ""), ("_low", LOW), ("_high", HIGH))
    },
    "threshold": gettext_lazy("Threshold of a good image"),
    "rule": gettext_lazy("Rule of a good image"),
    "missing": gettext_lazy("Images not at hand or excluded"),
    "unreadable": gettext_lazy("Photos that could not be read"),
    "unreadable_names": gettext_lazy("Their names"),
    "seen_in_training": gettext_lazy("Images that it was tuned with"),
    "random_weights": gettext_lazy("Random weights"),
    "began_random": gettext_lazy("Random initial weights"),
    "generated_labels": gettext_lazy("Labels of generated images"),
}
COMPARE_LABELS: dict[str, Any] = {
    "n": gettext_lazy("Images that all of them judged"),
    "left_out": gettext_lazy("Images that not all of them judged"),
}
