"""A pretraining run in words and figures: rows of the list, figures of a job."""

import json
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from models_app.jobs import words
from models_app.models import Job
from models_app.training.config import TrainConfig
from models_app.training.pretext.registry import TASKS
from models_app.training.settings import settings_of

ASPECTS = ("technical", "style", "composition")
LOW, HIGH = gettext_lazy("lower bound (95%)"), gettext_lazy("upper bound (95%)")
TIES = gettext_lazy("ties")
# A larger share of ties is said beside an accuracy, in which they count as wrong.
TIES_SAID = 0.05
ESTIMATED = ("rank_accuracy_", "classification_accuracy_", "regression_error")
# By the key in Job.result, in the order of a job's page.
_LABELS: dict[str, Any] = {
    "photos_train": gettext_lazy("Photos learnt from"),
    "split": gettext_lazy("Measured on the photos of"),
    "photos": gettext_lazy("Photos measured"),
    "rank_accuracy_all": gettext_lazy("Rank accuracy"),
    "rank_accuracy_technical": gettext_lazy("Rank accuracy, technical"),
    "rank_accuracy_style": gettext_lazy("Rank accuracy, style"),
    "rank_accuracy_composition": gettext_lazy("Rank accuracy, composition"),
    "classification_accuracy_technical": gettext_lazy("Classification accuracy, technical"),
    "classification_accuracy_style": gettext_lazy("Classification accuracy, style"),
    "classification_accuracy_composition": gettext_lazy("Classification accuracy, composition"),
    "classification_accuracy_rotation": gettext_lazy("Accuracy of rotations"),
    "regression_error": gettext_lazy("Regression error"),
    "validation_loss": gettext_lazy("Best validation loss"),
    "best_epoch": gettext_lazy("Best epoch"),
    "epochs": gettext_lazy("Epochs"),
    "steps": gettext_lazy("Steps"),
    "images_per_s": gettext_lazy("Pictures a second"),
    "memory_mb": gettext_lazy("Memory (MB)"),
    "skipped_steps": gettext_lazy("Steps skipped, not finite"),
    "initial_weights": gettext_lazy("Initial weights"),
    "unreadable": gettext_lazy("Photos that could not be read"),
    "unreadable_names": gettext_lazy("Their names"),
    "heads_only": gettext_lazy("Only the heads learnt"),
    "live": gettext_lazy("On validation photos while it trains"),
    "random_weights": gettext_lazy("Random initial weights"),
}
LABELS: dict[str, Any] = {}
for _name, _label in _LABELS.items():
    LABELS[_name] = _label
    if _name.startswith(ESTIMATED):
        LABELS[f"{_name}_low"] = format_lazy("{}, {}", _label, LOW)
        LABELS[f"{_name}_high"] = format_lazy("{}, {}", _label, HIGH)
    if _name.startswith("rank_accuracy_"):
        LABELS[f"{_name}_ties"] = format_lazy("{}, {}", _label, TIES)
# What runs are compared by.
FIRST_CURVES = (
    "validation/total", "rank_accuracy/all", "rank_accuracy/technical", "rank_accuracy/style",
    "rank_accuracy/composition", "loss/total",
)  # fmt: skip
# What somebody wants to see while a run trains.
JOB_CURVES = (*FIRST_CURVES, "speed/images_per_s", "learning_rate", "skipped_steps")
SPLITS = {"validation": gettext_lazy("validation photos"), "test": gettext_lazy("test photos")}


def option_words(name: str, value: object) -> str:
    """The value of an option as people read it; costs no query."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return str(_("on") if value else _("off"))
    known = settings_of(TrainConfig).get(name)
    if known is not None and known.choices and isinstance(value, str):
        return _(known.choices.get(value, value))
    if isinstance(value, float):
        # 3/26 takes seventeen digits, of which nobody typed one.
        return min(json.dumps(value), f"{value:.4g}", key=len)
    return value if isinstance(value, str) else json.dumps(value)


def task_words(key: str) -> str:
    return _(TASKS[key].label) if key in TASKS else key


def network_words(config: dict[str, Any]) -> str:
    """The backbone, with its width where that is not 1."""
    width = config.get("width", 1)
    name = str(config.get("backbone", ""))
    return name if width == 1 else f"{name} × {width:g}"


def weights_words(job: Job) -> str:
    """What a run began with."""
    config = job.config
    if config.get("weights") == "file":
        return str(config.get("checkpoint", ""))
    choices = settings_of(TrainConfig)["weights"].choices or {}
    return _(choices.get(config.get("weights", ""), config.get("weights", "") or "—"))


def is_random(job: Job) -> bool:
    """Whether it began with weights that nobody trained, so far as is known by now."""
    return bool(job.result.get("random_weights")) or job.config.get("weights") == "random"


def estimate(result: dict[str, Any], name: str) -> dict[str, Any] | None:
    """A share of a job's result, as `_training_share.html` takes it.

    While it trains it is that of the newest validation, without bounds.
    """
    live = result.get("live") or {}
    value = result.get(name, float(live[name]) if name in live else None)
    if value is None:
        return None
    found = {"value": value, "low": result.get(f"{name}_low"), "high": result.get(f"{name}_high")}
    return percents(found, ties=result.get(f"{name}_ties"))


def percents(found: dict[str, Any] | None, *, ties: float | None = None) -> dict[str, Any] | None:
    """Add what a template prints: value, low, high, and ties where they are many, in %."""
    if found is None:
        return None
    ends = {end: found.get(end) for end in ("value", "low", "high")}
    ends["ties"] = ties if ties is not None and ties > TIES_SAID else None
    shown = {end: None if value is None else 100 * value for end, value in ends.items()}
    return {**found, "percent": shown}


def measured_words(result: dict[str, Any]) -> str:
    """On which photos accuracies were measured; empty where nothing was."""
    live = result.get("live")
    if live:
        return _("validation, epoch %(n)s") % {"n": live["epoch"]}
    n = result.get("photos")
    if n is None:
        return ""
    said = words.count(n)
    if result.get("split") == "test":
        return ngettext("%(n)s test photo", "%(n)s test photos", n) % {"n": said}
    return ngettext("%(n)s validation photo", "%(n)s validation photos", n) % {"n": said}


def run_row(job: Job) -> dict[str, Any]:
    """One run in the list and in comparisons."""
    config, result = job.config, job.result
    return {
        "job": job,
        "task": task_words(config.get("task", "")),
        "network": network_words(config),
        "weights": weights_words(job),
        "is_random": is_random(job),
        "dataset": job.dataset.name if job.dataset else config.get("dataset", ""),
        # That it learnt from.
        "photos": result.get("photos_train"),
        "side": config.get("side"),
        "epochs": config.get("epochs"),
        "best_epoch": result.get("best_epoch"),
        "loss": words.figure(result.get("validation_loss")),
        "loss_value": result.get("validation_loss"),
        "aspects": [(aspect, estimate(result, f"rank_accuracy_{aspect}")) for aspect in ASPECTS],
        "measured": measured_words(result),
        "skipped": int(result.get("skipped_steps") or 0),
        "percent": words.percent(job),
    }


def curve_words(name: str) -> str:
    """What a curve shows; its own name where there are no better words."""
    known = {
        "loss/total": _("training loss, balanced"),
        "validation/total": _("validation loss"),
        "rank_accuracy/all": _("rank accuracy"),
        "rank_accuracy/technical": _("rank accuracy, technical"),
        "rank_accuracy/style": _("rank accuracy, style"),
        "rank_accuracy/composition": _("rank accuracy, composition"),
        "regression_error/all": _("regression error"),
        "speed/images_per_s": _("pictures a second"),
        "learning_rate": _("learning rate, backbone"),
        "learning_rate/heads": _("learning rate, heads"),
    }
    return known.get(name, name)


def curve_groups(names: list[str]) -> list[dict[str, Any]]:
    """Curves under headings: first what runs are compared by, then everything else."""
    first = [name for name in FIRST_CURVES if name in names]
    groups: dict[str, list[str]] = {}
    for name in names:
        if name not in first:
            groups.setdefault(name.partition("/")[0], []).append(name)
    found = [{"heading": "", "curves": first}] if first else []
    headings = {
        "loss": _("Losses while training"),
        "balanced": _("Losses after balancing"),
        "weight": _("Weights of the losses"),
        "validation": _("Losses on validation photos"),
        "rank_accuracy": _("Rank accuracy by distortion"),
        "classification_accuracy": _("Classification accuracy"),
        "regression_error": _("Regression error by distortion"),
        "speed": _("Speed"),
        "share": _("Where the time goes"),
    }
    rest = {headings[key]: groups.pop(key) for key in headings if key in groups}
    if groups:
        rest[_("Other")] = [name for group in groups.values() for name in group]
    found += [{"heading": heading, "curves": curves} for heading, curves in rest.items()]
    return [
        {
            **group,
            "curves": [{"name": name, "label": curve_words(name)} for name in group["curves"]],
        }
        for group in found
    ]
