"""Evaluations: the list, and one of them."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from analysis.metrics import REGISTRY as METRICS
from models_app.dashboard.checkpoint_words import origins
from models_app.dashboard.jobs import number
from models_app.errors import JobConflict
from models_app.findings import residuals
from models_app.findings.marks import evaluation_marks, job_marks
from models_app.findings.words import checkpoint_shown
from models_app.jobs import words
from models_app.jobs.kinds.evaluate import RULES, part_words
from models_app.models import Evaluation, Job, Photo
from models_app.selectors import evaluations as selectors
from models_app.selectors import findings as finding_selectors
from models_app.selectors.labels import drawn_get
from models_app.services.evaluations import Predictions, predictions_of
from models_app.services.thumbnails import SIDES, thumb_size
from survey.roles import Role, analyst_required, has_role

# Columns of lists; the page of one evaluation has every metric.
LISTED = ("srcc", "lcc", "accuracy", "mae", "emd")
# Of a row of images.
SHOWN = 6
# Yardstick beside a figure: what somebody gets who looks at no image.
YARDSTICKS = {"accuracy": "majority", "mae": "mae_constant"}


@require_GET
@analyst_required
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """?label_set=PK&split=HASH: evaluations, and jobs that are none yet; five queries at most."""
    label_set = number(request.GET.get("label_set"))
    # PostgreSQL takes no NUL in a text.
    split = request.GET.get("split", "").replace("\0", "")[:64]
    found = selectors.evaluations_shown(label_set=label_set, split=split)
    jobs = selectors.jobs_unfinished() if label_set is None and not split else []
    drawn = drawn_get() if jobs else None
    label_sets = selectors.label_sets_evaluated()
    came = origins([each.checkpoint for each in found])
    context: dict[str, Any] = {
        "rows": [{**evaluation_row(each), "origin": came[each.checkpoint_id]} for each in found],
        "jobs": [(job, job_marks(job, drawn)) for job in jobs] if drawn else [],
        "metrics": [METRICS[key].label for key in LISTED],
        "label_sets": label_sets,
        "label_set": label_set,
        "split": split,
        "may_act": has_role(request.user, Role.ADMIN),
    }
    if not found and not jobs:
        context["has_labels"] = bool(selectors.label_set_choices())
        context["has_checkpoint"] = bool(finding_selectors.checkpoint_choices())
    return render(request, "dashboard/evaluations.html", context)


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The evaluation that a job made, or how far it is."""
    job = selectors.evaluation_job(pk)
    if job is None:
        raise Http404(_("There is no such evaluation; it may have been deleted."))
    evaluation = selectors.evaluation_of(job)
    context: dict[str, Any] = {
        "job": job,
        "is_live": not job.is_over,
        "may_act": has_role(request.user, Role.ADMIN),
        "evaluation": evaluation,
    }
    if evaluation is not None:
        context |= _evaluation_shown(evaluation)
    else:
        context["marks"] = job_marks(job, drawn_get())
    return render(request, "dashboard/evaluation.html", context)


def evaluation_row(evaluation: Evaluation) -> dict[str, Any]:
    """One evaluation in lists and comparisons; costs no query."""
    readings = evaluation.metrics["metrics"]
    return {
        "evaluation": evaluation,
        "job": evaluation.job,
        "figures": [readings.get(key) for key in LISTED],
        "part": part_words(evaluation.part) if evaluation.part else "",
        "marks": evaluation_marks(evaluation),
    }


def readings_shown(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """Every metric with its label, the yardstick that belongs to it, and whether it beats it."""
    found = metrics["metrics"]
    rows = []
    for key, reading in found.items():
        entry = METRICS.get(key)
        yardstick = found.get(YARDSTICKS.get(key, ""))
        rows.append(
            {
                **reading,
                "key": key,
                "label": _(entry.label) if entry else key,
                "is_yardstick": bool(entry and entry.needs == "truth"),
                "yardstick": yardstick,
                "is_beaten": _beaten(key, reading, yardstick),
            }
        )
    return rows


def _beaten(key: str, reading: dict[str, Any], yardstick: dict[str, Any] | None) -> bool:
    """Whether a metric is not better than what needs no image."""
    if yardstick is None or reading["value"] is None or yardstick["value"] is None:
        return False
    if METRICS[key].better == "higher":
        return bool(reading["value"] <= yardstick["value"])
    return bool(reading["value"] >= yardstick["value"])


def _evaluation_shown(evaluation: Evaluation) -> dict[str, Any]:
    metrics = evaluation.metrics
    rows = {row["key"]: row for row in readings_shown(metrics)}
    alike = selectors.evaluations_alike(evaluation)
    shown: dict[str, Any] = {
        **evaluation_row(evaluation),
        **checkpoint_shown(evaluation.checkpoint),
        "metrics": metrics,
        "readings": list(rows.values()),
        "first": [rows[key] for key in ("srcc", "lcc", "accuracy", "mae", "emd") if key in rows],
        "rule": dict(RULES).get(metrics["rule"], metrics["rule"]),
        "alike": [evaluation_row(each) for each in alike],
        "unreadable_names": metrics["unreadable_names"],
        "files": [
            {"artifact": each, "size": words.size(each.bytes)}
            for each in evaluation.job.artifacts.order_by("name")
        ],
    }
    try:
        predictions = predictions_of(evaluation, shares=False)
    except JobConflict as error:
        return shown | {"gone": str(error)}
    return shown | _images_shown(evaluation, predictions)


def _images_shown(evaluation: Evaluation, predictions: Predictions) -> dict[str, Any]:
    scale = predictions.scale
    high = residuals.furthest(predictions, SHOWN, above=True)
    low = residuals.furthest(predictions, SHOWN, above=False)
    photos = selectors.photos_named(evaluation.label_set, [each.name for each in (*high, *low)])
    points = residuals.points_drawn(predictions)
    errors = residuals.error_bins(predictions)
    return {
        "drawn": len(points),
        "truth_bins": residuals.truth_bins(predictions),
        "error_rows": _error_rows(errors),
        "ends": [
            ("too-high", _("Rated too high"), [_card(each, photos) for each in high]),
            ("too-low", _("Rated too low"), [_card(each, photos) for each in low]),
        ],
        "chart": {
            "points": points,
            "errors": errors,
            "low": scale.low,
            "high": scale.high,
            "threshold": evaluation.metrics["threshold"],
        },
    }


def _error_rows(errors: dict[str, Any]) -> list[dict[str, Any]]:
    total = sum(errors["counts"])
    return [
        {
            "low": errors["low"] + at * errors["width"],
            "high": errors["low"] + (at + 1) * errors["width"],
            "n": n,
            "percent": 100 * n / total,
        }
        for at, n in enumerate(errors["counts"])
        if n
    ]


def _card(each: residuals.Furthest, photos: dict[str, Photo]) -> dict[str, Any]:
    photo = photos.get(each.name)
    width, height = thumb_size(photo, SIDES[0]) if photo else (0, 0)
    return {"image": each, "photo": photo, "width": width, "height": height}


def launch_url(job: Job) -> str:
    """The form of an evaluation of what a fine-tuning made, filled in."""
    made = next(iter(job.made.all()), None)
    if made is None:
        return ""
    asked = {"checkpoint": made.name, "label_set": job.config.get("label_set", ""),
             "split": job.config.get("split", "")}  # fmt: skip
    query = urlencode({f"option-{name}": value for name, value in asked.items() if value})
    return f"{reverse('models_dashboard:job_launch', args=['evaluate'])}?{query}"
