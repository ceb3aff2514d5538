"""Score a photo: handing one in, waiting, its score and what distortions would do to it."""

from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from models_app.clock import db_now
from models_app.dashboard import score_charts
from models_app.dashboard.findings import download
from models_app.dashboard.views import person
from models_app.errors import JobError, JobInvalid
from models_app.findings import sensitivity
from models_app.findings.agreement import learnt_generated
from models_app.findings.marks import checkpoint_marks
from models_app.findings.words import checkpoint_shown
from models_app.models import Job
from models_app.selectors import findings as finding_selectors
from models_app.selectors import scored as selectors
from models_app.services import scoring
from models_app.services.jobs import job_cancel, job_delete
from survey.roles import Role, analyst_required, has_role
from survey.uploads import FORM_BYTES, files_take, length_told

# So long a worker may take to begin before the page doubts that there is one.
PATIENCE_S = 20
State = Job.State


@csrf_exempt
@require_http_methods(["GET", "POST"])
@analyst_required
@never_cache
def index(request: HttpRequest) -> HttpResponseBase:
    """The form, and its photo.

    The token of the form is checked by `_take`: the usual check reads the whole upload first,
    also of people who may not send one, and of photos that are too large.
    """
    if request.method == "POST":
        length = length_told(request)
        if length > scoring.max_bytes() + FORM_BYTES:
            return _form_page(request, scoring.too_large(length), status=413)
        files_take(request)
    return _take(request)


@csrf_protect
def _take(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form_page(request)
    file = request.FILES.get("photo")
    try:
        if file is None or file.file is None:
            raise JobInvalid(_("There is no photo; choose or drop one."), "photo")
        checkpoint = request.POST.get("checkpoint", "")
        job = scoring.photo_score(file.file, checkpoint=checkpoint, by=person(request))
    except JobInvalid as error:
        return _form_page(request, str(error), status=400)
    return redirect("models_dashboard:job_results_score_photo", job.pk)


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One photo: its score as soon as there is one, then its distortions."""
    job = _scoring_or_404(request, pk)
    checkpoint, result = job.checkpoint, job.result
    context: dict[str, Any] = {
        "job": job,
        "said": _said(job),
        "version": _version(job),
        "is_live": not job.is_over,
        "has_picture": "width" in result,
        "result": result,
        "kept_hours": scoring.kept_hours(),
        # Whoever sees it.
        "may_delete": True,
        "generated_labels": learnt_generated(checkpoint),
        **(checkpoint_shown(checkpoint) if checkpoint else {}),
    }
    if "mean" in result:
        context |= {
            "bars": score_charts.bars(result["distribution"], result["mean"]),
            "standings": selectors.standings(checkpoint, result["mean"]),
        }
    curves = sensitivity.curves_of(result)
    if curves:
        context |= _distorted(curves)
    return render(request, "dashboard/score_result.html", context)


@require_GET
@analyst_required
@never_cache
def state(request: HttpRequest, pk: int) -> JsonResponse:
    """How far it is, as JSON: {version, said, done, total}; another version is worth a look."""
    job = _scoring_or_404(request, pk)
    body = {"version": _version(job), "said": _said(job), "done": job.done, "total": job.total}
    return JsonResponse(body)


@require_GET
@analyst_required
def photo(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The photo as the worker encoded it anew; nothing of the file that was handed in."""
    found = selectors.picture_of(_scoring_or_404(request, pk))
    if found is None:
        raise Http404(_("There is no picture of this photo."))
    try:
        file = default_storage.open(found.file, "rb")
    except FileNotFoundError:
        raise Http404(_("There is no picture of this photo.")) from None
    response = FileResponse(file, content_type="image/jpeg")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
@analyst_required
def table(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """What distortions do to the score, as CSV."""
    job = _scoring_or_404(request, pk)
    curves = sensitivity.curves_of(job.result)
    if not curves:
        raise Http404(_("The distortions of this photo are not scored."))
    lines = sensitivity.curves_csv(curves, checkpoint_marks(job.checkpoint))
    return download(lines, f"photo-{job.pk}-distortions.csv")


@require_POST
@analyst_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a photo with its scores; one that is being scored is only asked to stop."""
    job = _scoring_or_404(request, pk)
    by = person(request)
    job_cancel(job, by=by)
    try:
        job_delete(job, by=by)
    except JobError:
        messages.warning(request, _("A worker is at it and is asked to stop; delete it then."))
        return redirect("models_dashboard:job_results_score_photo", pk)
    messages.success(request, _("The photo and its scores are deleted."))
    return redirect("models_dashboard:score")


def _distorted(curves: list[sensitivity.Curve]) -> dict[str, Any]:
    reach = score_charts.scale_of(curves)
    return {
        "frame": score_charts.frame(reach),
        "groups": [
            (key, label, [score_charts.small_make(curve, reach) for curve in mine])
            for key, label, mine in sensitivity.by_aspect(curves)
        ],
        "drops": sensitivity.drops(curves),
        "levels": sum(len(curve.points) - 1 for curve in curves),
        "distortions": len(curves),
    }


def _form_page(request: HttpRequest, error: str = "", *, status: int = 200) -> HttpResponse:
    by = person(request)
    # After a photo that is too large nothing of the form was read.
    chosen = request.POST.get("checkpoint", "") if status == 400 else ""
    wanted = request.GET.get("checkpoint", "")
    if not chosen and wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
        found = finding_selectors.checkpoint_get(int(wanted))
        chosen = found.name if found else ""
    context = {
        "error": error,
        "choices": finding_selectors.checkpoint_choices(),
        "chosen": chosen,
        "most": scoring.max_bytes(),
        "most_mb": scoring.max_bytes() // 1_000_000,
        "kept_hours": scoring.kept_hours(),
        "lately": selectors.scorings_of(by) if by else [],
        "may_act": has_role(request.user, Role.ADMIN),
    }
    return render(request, "dashboard/score.html", context, status=status)


def _version(job: Job) -> str:
    parts = [name for name in ("width", "mean", "scores") if name in job.result]
    return "-".join([job.state, *parts])


def _said(job: Job) -> str:
    """One sentence on where it is."""
    if job.state == State.RUNNING:
        if "mean" not in job.result:
            return _("A worker scores the photo.")
        return _("A worker distorts the photo and scores each picture: %(done)d of %(total)s.") % {
            "done": job.done,
            "total": job.total or "…",
        }
    if job.state == State.QUEUED:
        if (db_now() - job.queued_at).total_seconds() < PATIENCE_S:
            return _("Waiting for a worker to begin.")
        return _(
            "No worker has begun for %(n)d seconds: it may be busy, or none is running. “make "
            "run” starts one; the score then appears here by itself."
        ) % {"n": PATIENCE_S}
    if job.state == State.CANCELLED:
        return _("It was cancelled before it was done; hand the photo in again.")
    return job.error


def scoring_open(request: HttpRequest, job: Job) -> bool:
    """Whether somebody may see and delete a photo: who handed it in, and admins."""
    by = person(request)
    mine = by is not None and job.created_by_id == by.pk
    return mine or has_role(request.user, Role.ADMIN)


def _scoring_or_404(request: HttpRequest, pk: int) -> Job:
    """The same answer for a photo of somebody else as for none: numbers tell nothing."""
    job = selectors.scoring_get(pk)
    if job is None or not scoring_open(request, job):
        raise Http404(
            _("There is no such photo; photos that are scored here are deleted after a while.")
        )
    return job


def score_url(checkpoint: int) -> str:
    """The form with a checkpoint chosen."""
    return f"{reverse('models_dashboard:score')}?checkpoint={checkpoint}"
