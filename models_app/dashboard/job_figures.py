"""What came of a job, its figures in words."""

import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.dashboard import evaluation_words, training_words
from models_app.jobs import words
from models_app.models import Job

COMMON = {
    "unreadable": gettext_lazy("Photos that could not be read"),
    "unreadable_names": gettext_lazy("Their names"),
    "random_weights": gettext_lazy("Random weights"),
}
# By kind, then by the key in Job.result; what is not here goes by its key.
LABELS: dict[str, dict[str, Any]] = {
    "nima_check": {
        "n": gettext_lazy("Photos scored"),
        "mean": gettext_lazy("Mean score"),
        "sd": gettext_lazy("Spread of the scores (sd)"),
        "mean_sd": gettext_lazy("Mean spread within a photo (sd)"),
        "share_above_5": gettext_lazy("Share of photos above 5"),
        "share_above_5_low": gettext_lazy("Share above 5, lower bound (95%)"),
        "share_above_5_high": gettext_lazy("Share above 5, upper bound (95%)"),
        **COMMON,
    },
    "diversity_check": {
        "weights": gettext_lazy("Weights (SHA-256)"),
        "threshold": gettext_lazy("Threshold of the detector"),
        "photos": gettext_lazy("Photos checked"),
        "classes": gettext_lazy("Classes found"),
        "objects": gettext_lazy("Kinds of objects found"),
        "effective_classes": gettext_lazy("Effective number of classes"),
        "effective_objects": gettext_lazy("Effective number of objects"),
        **COMMON,
    },
    "pretrain": training_words.LABELS,
    "finetune": evaluation_words.FINETUNE_LABELS,
    "evaluate": evaluation_words.EVALUATE_LABELS,
    "compare_evaluations": evaluation_words.COMPARE_LABELS,
    "render_survey": {
        "pending": gettext_lazy("Pictures still to make"),
        "ready": gettext_lazy("Pictures made"),
        "identical": gettext_lazy("Pictures identical to the original"),
        "failed": gettext_lazy("Pictures that failed"),
        "errors": gettext_lazy("First errors"),
    },
}
# What a training said last, which its own page and the curves show.
LIVE = "live"
# Beside what a run measures: which images a study gave it, as a hash.
HIDDEN = (LIVE, "images")
ORDERS = {"order1": gettext_lazy("order 1"), "order2": gettext_lazy("order 2")}


def figures(job: Job) -> list[tuple[str, str]]:
    """Labels and values; without what is an empty list, in the order of the labels."""
    known = LABELS.get(job.kind, {})
    names = [name for name in known if name in job.result]
    names += [name for name in job.result if name not in known]
    return [
        (str(known.get(name, name)), _said(job.result[name]))
        for name in names
        if name not in HIDDEN and job.result[name] not in ([], {}, None)
    ]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (int, float)):
        return words.figure(value)
    if isinstance(value, str):
        text = value
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        text = ", ".join(value)
    elif isinstance(value, dict) and value.keys() <= ORDERS.keys():
        text = "; ".join(_effective(value))
    elif isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
        text = ", ".join(f"{name} {each}" for name, each in value.items())
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else f"{text[:300]} …"


def _effective(by_order: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Say estimates, as findings.results.effective gives them."""
    for order, found in by_order.items():
        if "undefined" in found:
            yield f"{ORDERS[order]}: {found['undefined']}"
        else:
            yield _("%(order)s: %(value)s (95%% interval %(low)s to %(high)s)") % {
                "order": ORDERS[order],
                **{name: f"{found[name]:.3g}" for name in ("value", "low", "high")},
            }
