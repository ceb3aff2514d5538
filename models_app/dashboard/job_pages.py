"""One job: its page, its curves, its files."""

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.files.storage import default_storage
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from models_app.clock import db_now
from models_app.dashboard.evaluation_words import FINETUNE_CURVES
from models_app.dashboard.job_figures import figures, marks_said
from models_app.dashboard.job_live import answer
from models_app.dashboard.label_words import LABELS, again_url, files_lost
from models_app.dashboard.photo_upload import again_url as photos_again_url
from models_app.dashboard.training_words import JOB_CURVES
from models_app.errors import JobInvalid
from models_app.jobs import words
from models_app.jobs.registry import REGISTRY, kind_label
from models_app.models import Job, JobSeries
from models_app.selectors import curves as curve_selectors
from models_app.selectors import jobs as selectors
from models_app.selectors.scored import artifact_open, result_open
from models_app.services import checkpoints, photo_uploads
from survey.exports import cell
from survey.roles import Role, analyst_required, has_role

# By kind: curves that are shown at once, where the others are too many for that.
FIRST_CURVES = {"pretrain": JOB_CURVES, "finetune": FINETUNE_CURVES}
# series:step:every
KNOWN = re.compile(r"(\d{1,18}):(-?\d{1,18}):(\d{1,18})", re.ASCII)


def job_or_404(pk: int) -> Job:
    job = selectors.job_get(pk)
    if job is None:
        raise Http404(_("There is no job %(pk)d; it may have been deleted.") % {"pk": pk})
    return job


def upload_lost(job: Job) -> bool:
    """Whether a failed import has nothing left that a second attempt could read."""
    if job.kind == LABELS and job.state == Job.State.FAILED:
        return files_lost(job)
    if job.kind == photo_uploads.KIND and job.state == Job.State.FAILED:
        return photo_uploads.upload_lost(job)
    if job.kind != checkpoints.KIND or job.state != Job.State.FAILED:
        return False
    upload = job.config.get("upload")
    if not upload or job.resume.get("checkpoint"):
        return False
    try:
        checkpoints.upload_name(upload)
    except JobInvalid:
        return True
    return False


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest, pk: int) -> HttpResponse:
    job = job_or_404(pk)
    series = curve_selectors.series_of(job)
    options = words.options(job)
    context = {
        **_status(job),
        **_made(request, job),
        "kind": kind_label(job.kind),
        "purpose": words.purpose(job),
        "options": options,
        "has_more_options": any(each["is_default"] and not each["is_common"] for each in options),
        "first_curves": FIRST_CURVES.get(job.kind, ()),
        "config": json.dumps(job.config, indent=2, ensure_ascii=False),
        "series": [{"series": each, "last": words.figure(each.last_value)} for each in series],
        "log_key": _key(job.log),
        "versions": job.versions.items(),
        "photos": selectors.photos_counted(job.dataset) if job.dataset else 0,
        "clones": selectors.clones(job),
        **_acts(request, job),
        "curves_state": _curves_state(job, series),
    }
    return render(request, "dashboard/job.html", context)


@require_GET
@analyst_required
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """What changes on the page, as JSON: {state, parts: {id: HTML}, curves, log, log_key}.

    `log` comes along where it differs from the one that ?log names.
    """
    job = job_or_404(pk)
    status = _status(job)
    key = _key(job.log)
    body: dict[str, Any] = {
        "state": job.state,
        "parts": {
            "actions": render_to_string("dashboard/_job_actions.html", _acts(request, job)),
            "status": render_to_string("dashboard/_job_status.html", status),
            "made": render_to_string("dashboard/_job_made.html", {**status, **_made(request, job)}),
        },
        "log_key": key,
        "curves": _curves_state(job, curve_selectors.series_of(job)),
    }
    if request.GET.get("log") != key:
        body["log"] = job.log
    return answer(request, body)


@require_GET
@analyst_required
def curves(request: HttpRequest, pk: int) -> JsonResponse:
    """Curves thinned out, as JSON; ?known=series:step:every,... asks for what came since."""
    job = job_or_404(pk)
    found = curve_selectors.curves(job, _known(request.GET.get("known", "")))
    response = JsonResponse({"curves": [asdict(curve) for curve in found]})
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
@analyst_required
def points(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Every point of every curve as CSV, streamed."""
    job = job_or_404(pk)
    response = StreamingHttpResponse(_points_csv(job), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="job-{job.pk}-metrics.csv"'
    return response


@require_GET
@analyst_required
def artifact(request: HttpRequest, pk: int, artifact: int) -> HttpResponseBase:
    """Send a file of a job for saving; a client gives numbers, never a path."""
    found = selectors.artifact_get(pk, artifact)
    is_admin = has_role(request.user, Role.ADMIN)
    if found is None or not artifact_open(found, request.user, is_admin=is_admin):
        raise Http404(_("This job has no such file; it may have been made anew or deleted."))
    try:
        file = default_storage.open(found.file, "rb")
    except FileNotFoundError:
        said = {"job": job_or_404(pk), "artifact": found}
        return render(request, "dashboard/job_file_gone.html", said, status=404)
    response = FileResponse(
        file, as_attachment=True, filename=found.name, content_type=found.content_type
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _status(job: Job) -> dict[str, Any]:
    now = db_now()
    places = selectors.positions([job])
    is_queued = job.state == Job.State.QUEUED
    waiting = selectors.queue_deserted(job.queue, now) if is_queued else 0
    lost = upload_lost(job)
    return {
        "job": job,
        "row": words.row(job, now=now, position=places.get(job.pk)),
        "worked": words.worked(job, now),
        "deserted": words.deserted(job.queue, waiting) if waiting else "",
        "times": [
            (label, words.ago(at, now), words.exact(at), at)
            for label, at in (
                (_("Launched"), job.created_at),
                (_("First started"), job.started_at),
                (_("Last sign of life"), job.heartbeat_at if not job.is_over else None),
                (_("Asked to stop"), job.cancel_requested_at if not job.is_over else None),
                (_("Ended"), job.finished_at),
            )
            if at is not None
        ],
        "advice": words.advice(job, upload_lost=lost),
        "marks": marks_said(job),
        "import_url": _import_url(job) if lost else "",
    }


def _import_url(job: Job) -> str:
    if job.kind == photo_uploads.KIND:
        return photos_again_url(job)
    return again_url(job) if job.kind == LABELS else reverse("models_dashboard:checkpoint_import")


def _acts(request: HttpRequest, job: Job) -> dict[str, Any]:
    """What this person may do with it now."""
    return {
        "job": job,
        "may_act": has_role(request.user, Role.ADMIN),
        "may_clone": job.kind in REGISTRY and REGISTRY[job.kind].listed,
        "may_cancel": not job.is_over and job.cancel_requested_at is None,
        "may_resume": job.state in {Job.State.FAILED, Job.State.CANCELLED} and not upload_lost(job),
    }


def _made(request: HttpRequest, job: Job) -> dict[str, Any]:
    """What came of it, for whom that is."""
    if not result_open(job, request.user, is_admin=has_role(request.user, Role.ADMIN)):
        return {"job": job, "is_private": True}
    return {
        "job": job,
        "artifacts": [
            {"artifact": each, "size": words.size(each.bytes)} for each in selectors.artifacts(job)
        ],
        "figures": figures(job),
        "results_url": results_url(job),
        "survey_url": _survey_url(job),
    }


def results_url(job: Job) -> str:
    """The page that a kind has for its results; empty where there is nothing to see on it."""
    if job.kind == checkpoints.KIND and job.checkpoint_id is None:
        return ""
    if job.state in {Job.State.FAILED, Job.State.CANCELLED} and not job.result:
        return ""
    try:
        return reverse(f"models_dashboard:job_results_{job.kind}", args=[job.pk])
    except NoReverseMatch:
        return ""


def _survey_url(job: Job) -> str:
    survey = job.config.get("survey")
    try:
        return reverse("dashboard:survey", args=[survey]) if survey else ""
    except NoReverseMatch:
        return ""


def _key(log: str) -> str:
    return hashlib.sha256(log.encode()).hexdigest()[:12]


def _curves_state(job: Job, series: list[JobSeries]) -> str:
    """Differs where curves have news; another attempt may have drawn them anew."""
    ends = [(each.pk, each.last_step) for each in series]
    return json.dumps([job.attempt, ends], separators=(",", ":"))


def _known(text: str) -> dict[int, curve_selectors.Known]:
    found = {}
    for part in text.split(",")[:500]:
        if match := KNOWN.fullmatch(part):
            series, step, every = map(int, match.groups())
            found[series] = curve_selectors.Known(step, every)
    return found


class _Echo:
    def write(self, text: str, /) -> str:
        return text


def _points_csv(job: Job) -> Iterator[str]:
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(("curve", "step", "value"))
    for name, step, value in curve_selectors.points_all(job):
        yield writer.writerow((cell(name, "text"), step, cell(value, "number")))
