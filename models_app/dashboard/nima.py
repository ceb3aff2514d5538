"""NIMA checks: what a network thinks of the photos of a dataset, and leaving photos out."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from models_app.dashboard.findings import check_context, check_or_404, download, percents
from models_app.dashboard.views import person
from models_app.errors import DatasetError
from models_app.findings import exports, results
from models_app.findings.words import checkpoint_shown
from models_app.models import Job, PhotoScore
from models_app.selectors import findings as selectors
from models_app.services import photos
from models_app.services.thumbnails import SIDES, thumb_size
from survey.roles import Role, admin_required, analyst_required, has_role

KIND = selectors.NIMA
SHOWN = 12


@require_GET
@analyst_required
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """All checks; two queries and those of the role."""
    jobs = selectors.checks(KIND)
    context = {
        "rows": [_row(job) for job in jobs],
        "has_checkpoint": bool(selectors.checkpoint_choices()),
        "may_act": has_role(request.user, Role.ADMIN),
    }
    return render(request, "dashboard/nima_checks.html", context)


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One check: figures so far, histogram, the lowest and the highest."""
    job = check_or_404(KIND, pk)
    figures = results.nima_figures(job)
    counts = selectors.scores_histogram(job)
    others = [other for other in selectors.checks(KIND, dataset=job.dataset_id) if other.pk != pk]
    context = {
        **check_context(request, job),
        **(checkpoint_shown(job.checkpoint) if job.checkpoint else {}),
        "figures": figures,
        "share": percents(figures["share"]),
        "paper": 100 * results.PAPER_SHARE,
        "unreadable": job.result.get("unreadable", 0),
        "histogram": _bins(counts),
        "chart": {"bins": counts, "low": selectors.LOW, "per": selectors.BINS_A_SCORE},
        "ends": [
            (
                "lowest",
                _("Lowest scores"),
                _cards(selectors.scores_end(job, highest=False, n=SHOWN)),
            ),
            (
                "highest",
                _("Highest scores"),
                _cards(selectors.scores_end(job, highest=True, n=SHOWN)),
            ),
        ],
        "others": [_row(other) for other in others if other.result.get("n")],
    }
    return render(request, "dashboard/nima.html", context)


@require_GET
@analyst_required
def scores(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """One row a photo, streamed; also of a check that is not finished."""
    job = check_or_404(KIND, pk)
    return download(exports.scores_csv(job), f"nima-{job.pk}-scores.csv")


@require_POST
@admin_required
def exclude(request: HttpRequest, pk: int, photo: int) -> HttpResponse:
    """Leave a photo out of what comes, for its score."""
    job = check_or_404(KIND, pk)
    score = selectors.score_get(job, photo)
    if score is None:
        raise Http404(_("This check has no score of that photo."))
    try:
        photos.photo_exclude(score.photo, reason=_reason(job, score), by=person(request))
    except DatasetError as error:
        messages.error(request, str(error))
    else:
        said = _("%(photo)s is left out of new surveys, checks and trainings.")
        messages.success(request, said % {"photo": score.photo.name})
    return _back(request, pk, photo)


@require_POST
@admin_required
def include(request: HttpRequest, pk: int, photo: int) -> HttpResponse:
    """Take the photo in again."""
    job = check_or_404(KIND, pk)
    score = selectors.score_get(job, photo)
    if score is None:
        raise Http404(_("This check has no score of that photo."))
    reason = _("taken in again on the page of NIMA check %(job)d") % {"job": job.pk}
    try:
        photos.photo_include(score.photo, reason=reason, by=person(request))
    except DatasetError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(photo)s is taken in again.") % {"photo": score.photo.name})
    return _back(request, pk, photo)


def _back(request: HttpRequest, pk: int, photo: int) -> HttpResponse:
    """To the card that was clicked, in whichever row it stands."""
    end = "highest" if request.POST.get("end") == "highest" else "lowest"
    address = reverse("models_dashboard:job_results_nima_check", args=[pk])
    return redirect(f"{address}#{end}-{photo}")


def _reason(job: Job, score: PhotoScore) -> str:
    name = job.checkpoint.name if job.checkpoint else _("a deleted checkpoint")
    random = _(", whose weights are random") if job.checkpoint and job.checkpoint.is_random else ""
    text = _("NIMA score %(score).2f by checkpoint %(name)s%(random)s (job %(job)d)") % {
        "score": score.mean, "name": name, "random": random, "job": job.pk
    }  # fmt: skip
    return str(text)[: photos.REASON_MOST]


def _row(job: Job) -> dict[str, Any]:
    result = job.result
    share = None
    if "share_above_5" in result:
        ends = ("share_above_5", "share_above_5_low", "share_above_5_high")
        share = percents(dict(zip(("value", "low", "high"), map(result.get, ends), strict=True)))
    return {"job": job, "result": result, "share": share, "random": _is_random(job)}


def _is_random(job: Job) -> bool:
    return bool(job.checkpoint and job.checkpoint.is_random)


def _cards(scores: list[PhotoScore]) -> list[dict[str, Any]]:
    cards = []
    for score in scores:
        width, height = thumb_size(score.photo, SIDES[0])
        cards.append({"score": score, "photo": score.photo, "width": width, "height": height})
    return cards


def _bins(counts: list[int]) -> list[dict[str, Any]]:
    step = 1 / selectors.BINS_A_SCORE
    total = sum(counts)
    return [
        {
            "low": selectors.LOW + place * step,
            "high": selectors.LOW + (place + 1) * step,
            "n": n,
            "percent": 100 * n / total,
        }
        for place, n in enumerate(counts)
        if n
    ]
