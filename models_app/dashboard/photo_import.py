"""An import of photos: how far it is, and what became of each file."""

import csv
from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from models_app.clock import db_now
from models_app.dashboard.datasets import page_number
from models_app.dashboard.findings import download
from models_app.dashboard.job_live import answer
from models_app.dashboard.photo_upload import again_url
from models_app.jobs import words
from models_app.models import ImportedFile, Job
from models_app.selectors import jobs as job_selectors
from models_app.selectors import photo_imports as selectors
from models_app.services import photo_uploads
from survey.exports import cell
from survey.roles import Role, analyst_required, has_role

COLUMNS = ("file", "outcome", "photo", "reason", "credit", "licence", "source")


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest, pk: int) -> HttpResponse:
    job = _import_or_404(pk)
    numbers = selectors.counts(job)
    outcome = _outcome(request, numbers)
    context = {
        **_status(job, numbers),
        "outcome": outcome,
        "choices": _choices(numbers),
        "page": selectors.report_page(job, outcome, number=page_number(request)),
        "uncredited": selectors.uncredited(job),
        "result": job.result,
        "may_act": has_role(request.user, Role.ADMIN),
        "may_resume": job.state in {Job.State.FAILED, Job.State.CANCELLED} and not _is_lost(job),
    }
    return render(request, "dashboard/photo_import.html", context)


@require_GET
@analyst_required
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """What changes on the page, as JSON: {over, parts: {id: HTML}}."""
    job = _import_or_404(pk)
    status = _status(job, selectors.counts(job))
    parts = {"status": render_to_string("dashboard/_photo_import_status.html", status)}
    return answer(request, {"over": job.is_over, "parts": parts})


@require_GET
@analyst_required
def report(_request: HttpRequest, pk: int) -> StreamingHttpResponse | HttpResponseBase:
    """One row a file, streamed."""
    job = _import_or_404(pk)
    return download(_report_csv(job), f"import-{job.pk}.csv")


def _import_or_404(pk: int) -> Job:
    job = selectors.import_get(pk)
    if job is None:
        raise Http404(_("There is no such import; it may have been deleted."))
    return job


def _status(job: Job, numbers: dict[str, int]) -> dict[str, Any]:
    now = db_now()
    is_queued = job.state == Job.State.QUEUED
    place = job_selectors.positions([job]).get(job.pk) if is_queued else None
    waiting = job_selectors.queue_deserted(job.queue, now) if is_queued else 0
    lost = _is_lost(job)
    return {
        "job": job,
        "row": words.row(job, now=now, position=place),
        "deserted": words.deserted(job.queue, waiting) if waiting else "",
        "advice": words.advice(job, upload_lost=lost),
        "again_url": again_url(job) if lost else "",
        "numbers": [
            (outcome.value, outcome.label, numbers[outcome.value])
            for outcome in ImportedFile.Outcome
        ],
        "skipped": job.result.get("skipped"),
    }


def _is_lost(job: Job) -> bool:
    return job.state == Job.State.FAILED and photo_uploads.upload_lost(job)


def _outcome(request: HttpRequest, numbers: dict[str, int]) -> str:
    """What the table shows: as asked, else first what somebody has to look at."""
    asked = request.GET.get("outcome", "")
    if asked in {*ImportedFile.Outcome.values, "all"}:
        return "" if asked == "all" else asked
    return ImportedFile.Outcome.REFUSED if numbers[ImportedFile.Outcome.REFUSED] else ""


def _choices(numbers: dict[str, int]) -> list[tuple[str, str, int]]:
    """(value, label, number) of the filter; the value of all files is empty."""
    found = [("", _("All files"), sum(numbers.values()))]
    for outcome in ImportedFile.Outcome:
        found.append((outcome.value, str(outcome.label), numbers[outcome.value]))
    return found


class _Echo:
    def write(self, text: str, /) -> str:
        return text


def _report_csv(job: Job) -> Iterator[str]:
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(COLUMNS)
    for row in selectors.report_rows(job):
        photo = row.photo
        about = (photo.name, photo.credit, photo.licence, photo.source_url) if photo else ("",) * 4
        texts = (row.name, row.outcome, about[0], row.reason, *about[1:])
        yield writer.writerow([cell(text, "text") for text in texts])
