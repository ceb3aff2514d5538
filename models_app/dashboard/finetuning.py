"""Fine-tuning runs: the list, and how one of them went."""

import json
from typing import Any

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from models_app.dashboard.evaluation_words import FINETUNE_LABELS
from models_app.dashboard.evaluations import evaluation_row, launch_url
from models_app.dashboard.training_words import network_words
from models_app.findings.marks import job_marks
from models_app.jobs import words
from models_app.models import Job, JobArtifact
from models_app.selectors import evaluations as evaluation_selectors
from models_app.selectors import finetuning as selectors
from models_app.selectors.labels import Drawn, drawn_get
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.settings import settings_of
from survey.roles import Role, analyst_required, has_role

FORMAT = 1
# Beside the numbers that stand above them.
ALONG = ("photos_train", "photos_available", "photos_validation", "missing", "epochs", "steps",
         "skipped_steps", "images_per_s", "memory_mb", "initial_weights")  # fmt: skip


@require_GET
@analyst_required
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """All runs; three queries and those of the role."""
    drawn = drawn_get()
    rows = [run_row(job, drawn) for job in selectors.runs()]
    context = {
        "rows": rows,
        "has_splits": bool(rows) or selectors.splits_exist(),
        "may_act": has_role(request.user, Role.ADMIN),
    }
    return render(request, "dashboard/finetunings.html", context)


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One run: its curves, its figures, and what its network scored; seven queries."""
    job = selectors.run_get(pk)
    if job is None:
        raise Http404(_("There is no such run; it may have been deleted."))
    files = {each.name: each for each in job.artifacts.all()}
    found = _results_read(files.get("results.json"))
    made = list(job.made.all())
    scored = [
        evaluation_row(each)
        for checkpoint in made
        for each in evaluation_selectors.evaluations_shown(checkpoint=checkpoint.pk)
    ]
    context: dict[str, Any] = {
        **run_row(job, drawn_get()),
        "is_live": not job.is_over,
        "may_act": has_role(request.user, Role.ADMIN),
        "found": found,
        "made": made,
        "scored": scored,
        "launch_url": launch_url(job) if has_role(request.user, Role.ADMIN) else "",
        "has_states": bool(job.resume.get("states")),
        "live": (job.result.get("live") or {}) if not job.is_over else {},
        "along": [
            (FINETUNE_LABELS[name], _figure(job.result[name]))
            for name in ALONG
            if name in job.result
        ],
        "unreadable_names": job.result.get("unreadable_names", []),
        "options": _options(job),
        "files": [
            {"artifact": each, "size": words.size(each.bytes)}
            for each in files.values()
            if not each.name.startswith("state-")
        ],
    }
    if found is not None:
        context |= _curves(found)
    return render(request, "dashboard/finetuning_run.html", context)


def run_row(job: Job, drawn: Drawn) -> dict[str, Any]:
    """One run in the list; costs no query."""
    config, result = job.config, job.result
    marks = job_marks(job, drawn)
    return {
        "job": job,
        "network": network_words(config),
        "began": began_words(job),
        "is_random": marks.began_random,
        "is_generated": marks.is_generated,
        "label_set": config.get("label_set", ""),
        "split": config.get("split", ""),
        "share": 100 * result.get("share", config.get("share", 1)),
        "photos": result.get("photos_train"),
        "epochs": result.get("epochs"),
        "best_epoch": result.get("best_epoch"),
        "loss": result.get("validation_loss"),
        "srcc": result.get("validation_srcc"),
        "percent": words.percent(job),
    }


def began_words(job: Job) -> str:
    """What a run began with."""
    config = job.config
    if config.get("weights") == "file":
        return str(config.get("checkpoint", ""))
    choices = settings_of(FinetuneConfig)["weights"].choices or {}
    return _(choices.get(config.get("weights", ""), config.get("weights", "") or "—"))


def _figure(value: Any) -> str:
    return words.figure(value) if isinstance(value, (int, float)) else str(value)


def _results_read(artifact: JobArtifact | None) -> dict[str, Any] | None:
    if artifact is None:
        return None
    try:
        with default_storage.open(artifact.file, "rb") as file:
            found: dict[str, Any] = json.load(file)
    except (FileNotFoundError, ValueError):
        return None
    return found if found.get("format") == FORMAT else None


def _curves(found: dict[str, Any]) -> dict[str, Any]:
    """The epochs one by one, for the charts and the table beside them."""
    rows = [
        {
            "epoch": row["epoch"],
            "frozen": row["frozen"],
            "rate": row["learning_rates"].get("head"),
            "train": row["train_loss"],
            "is_best": row["epoch"] == found["best_epoch"],
            **{name: row["validation"].get(name) for name in ("total", "srcc", "lcc", "mae")},
        }
        for row in found["curves"]
    ]
    return {
        "epoch_rows": rows,
        "constant": found["constant"],
        "chart": {
            "rows": [[r["epoch"], r["train"], r["total"], r["srcc"], r["lcc"]] for r in rows],
            "best": found["best_epoch"],
            "unfrozen": found["unfrozen_after"],
            "constant": found["constant"]["total"],
            "stopped": found["stopped_early"],
        },
    }


def _options(job: Job) -> list[dict[str, Any]]:
    """The configuration, what is not at its default first."""
    known = settings_of(FinetuneConfig)
    found = []
    for each in words.options(job):
        choices = known[each["name"]].choices if each["name"] in known else None
        said = _(choices.get(each["value"], each["value"])) if choices else each["value"]
        found.append({**each, "value": said})
    return sorted(found, key=lambda each: bool(each["is_default"]))
