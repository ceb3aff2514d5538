"""What came of a job, its figures in words."""

import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.dashboard import evaluation_words, training_words
from models_app.dashboard.label_words import LABELS as IMPORT_LABELS
from models_app.dashboard.label_words import finding_words
from models_app.findings.marks import Marks, evaluation_marks, job_marks
from models_app.findings.studies import study_marks
from models_app.jobs import words
from models_app.labels.report import OF_IMAGES
from models_app.models import Job
from models_app.selectors import evaluations
from models_app.selectors.labels import drawn_get
from models_app.selectors.studies import study_named
from models_app.studies.base import REPORT
from models_app.templatetags.figures import MINUS

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
    "import_photos": {
        "imported": gettext_lazy("Photos imported"),
        "known": gettext_lazy("There already"),
        "refused": gettext_lazy("Files refused"),
        "skipped": gettext_lazy("Folders and hidden files skipped"),
        "credits_unused": gettext_lazy("Rows of the credits without a photo"),
        "credits_unused_names": gettext_lazy("Their names"),
        "credits_ambiguous": gettext_lazy("Rows of the credits that name several photos"),
        "credits_ambiguous_names": gettext_lazy("Their names"),
    },
    "study_report": {
        "study": gettext_lazy("Study"),
        "missing": gettext_lazy("Parts without a result"),
    },
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
# Beside what a run measures: which images a study gave it, as a hash; marks, which stand above.
HIDDEN = (LIVE, "images", "remarks")
LOW, HIGH = "_low", "_high"
ORDERS = {"order1": gettext_lazy("order 1"), "order2": gettext_lazy("order 2")}


def figures(job: Job) -> list[tuple[str, str]]:
    """Labels and values; without what is an empty list, in the order of the labels.

    An interval stands behind the value that it belongs to.
    """
    result = _imported(job) if job.kind == IMPORT_LABELS else job.result
    known = _import_words() if job.kind == IMPORT_LABELS else LABELS.get(job.kind, {})
    names = [name for name in known if name in result]
    names += [name for name in result if name not in known]
    return [
        (str(known.get(name, name)), _said(result[name]) + _ends(result, name))
        for name in names
        if name not in HIDDEN and result[name] not in ([], {}, None) and not _is_end(result, name)
    ]


def marks_said(job: Job) -> list[str]:
    """What must be said beside its figures; a query, two of a comparison or a study's report."""
    if job.kind == REPORT:
        study = study_named(str(job.config.get("study", "")))
        return study_marks(study) if study else []
    marks = job_marks(job, drawn_get())
    if job.kind != evaluations.COMPARE:
        return marks.said
    keys = [int(key) for key in job.config["evaluations"].split(",")]
    compared = map(evaluation_marks, evaluations.evaluations_chosen(keys))
    return Marks.together([marks, *compared]).said


def _import_words() -> dict[str, str]:
    found = {"rows": _("Labels taken"), "found": _("Images found")}
    found |= {name: label for name, (label, _help) in finding_words().items()}
    return found | {"generated_labels": _("Generated images")}


def _imported(job: Job) -> dict[str, Any]:
    """What an import counted; nothing of images where nobody asked for any, and no key of rows."""
    if not job.is_over:
        return {}
    hidden = {"label_set"} if job.config.get("dataset") else {"label_set", "found", *OF_IMAGES}
    return {name: value for name, value in job.result.items() if name not in hidden}


def _is_end(result: dict[str, Any], name: str) -> bool:
    return any(
        name.endswith(end) and result.get(name.removesuffix(end)) is not None for end in (LOW, HIGH)
    )


def _ends(result: dict[str, Any], name: str) -> str:
    low, high = result.get(f"{name}{LOW}"), result.get(f"{name}{HIGH}")
    if low is None or high is None:
        return ""
    return " " + _("(%(low)s to %(high)s)") % {"low": _figure(low), "high": _figure(high)}


def _figure(value: float) -> str:
    return words.figure(value).replace("-", MINUS)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (int, float)):
        return _figure(value)
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
