"""Pretraining runs: the list, and what came of one."""

from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from models_app.dashboard import training_results
from models_app.dashboard.training_words import (
    ASPECTS,
    LABELS,
    SPLITS,
    option_words,
    run_row,
)
from models_app.jobs import words
from models_app.models import Job
from models_app.selectors import findings as finding_selectors
from models_app.selectors import jobs as job_selectors
from models_app.selectors import training as selectors
from models_app.selectors.scored import KIND as SCORED_PHOTO
from survey.roles import Role, analyst_required, has_role

KIND = selectors.PRETRAIN
PICTURES = {"image/jpeg", "image/png"}
# What a run measured along the way; other figures of its result stand in tables of their own.
ALONG = ("photos_train", "validation_loss", "best_epoch", "epochs", "steps", "images_per_s",
         "memory_mb", "skipped_steps", "unreadable")  # fmt: skip


@require_GET
@analyst_required
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """All runs; two queries and those of the role."""
    rows = [run_row(job) for job in selectors.runs()]
    context = {
        "rows": rows,
        "aspects": ASPECTS,
        "has_photos": bool(rows) or bool(finding_selectors.dataset_choices()),
        "has_random": any(row["is_random"] for row in rows),
        "may_act": has_role(request.user, Role.ADMIN),
    }
    return render(request, "dashboard/training.html", context)


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One run: what it was, and what its network can do; five queries and those of the role."""
    job = run_or_404(pk)
    row = run_row(job)
    files = {each.name: each for each in job.artifacts.all()}
    found = training_results.results_read(files.get(selectors.RESULTS))
    context: dict[str, Any] = {
        **row,
        "is_live": not job.is_over,
        "may_act": has_role(request.user, Role.ADMIN),
        "made": list(job.made.all()),
        "along": [
            (LABELS[name], words.figure(job.result[name])) for name in ALONG if name in job.result
        ],
        "unreadable_names": job.result.get("unreadable_names", []),
        "options": _options(job),
        "has_curves": job.has_curves,  # type: ignore[attr-defined]
        "has_states": bool(job.resume.get("states")),
        "heads_only": bool(job.result.get("heads_only")),
        "steps": job.result.get("steps"),
        "files": [
            {"artifact": each, "size": words.size(each.bytes)}
            for each in files.values()
            if not each.name.startswith(("samples/", "state-"))
        ],
    }
    if found is not None:
        context |= training_results.results_shown(found, job, files)
        context["split_words"] = SPLITS.get(found["split"], found["split"])
    return render(request, "dashboard/training_run.html", context)


@require_GET
@analyst_required
def picture(_request: HttpRequest, pk: int, artifact: int) -> HttpResponseBase:
    """A picture of a run, to be shown on a page; a client gives numbers, never a path."""
    found = job_selectors.artifact_get(pk, artifact)
    is_photo = found is not None and found.job.kind == SCORED_PHOTO
    if found is None or is_photo or found.content_type not in PICTURES:
        raise Http404(_("This run has no such picture."))
    try:
        file = default_storage.open(found.file, "rb")
    except FileNotFoundError:
        raise Http404(_("The file of this picture is gone from the storage.")) from None
    response = FileResponse(file, content_type=found.content_type)
    # Another attempt stores its pictures under other numbers or replaces what they are.
    response["Cache-Control"] = "private, max-age=60"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def run_or_404(pk: int) -> Job:
    job = selectors.run_get(pk)
    if job is None:
        raise Http404(_("There is no such run; it may have been deleted."))
    return job


def _options(job: Job) -> list[dict[str, Any]]:
    """The configuration but for the dataset, which has a link; what is not default first."""
    found = [
        {**each, "value": option_words(each["name"], job.config[each["name"]])}
        for each in words.options(job)
        if each["name"] != "dataset" or job.dataset is None
    ]
    return sorted(found, key=lambda each: bool(each["is_default"]))
