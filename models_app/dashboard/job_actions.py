"""Cancel, resume, delete: each asks first, on a page of its own, and then does it by POST."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from models_app.dashboard.job_pages import upload_lost
from models_app.dashboard.views import person
from models_app.errors import JobConflict
from models_app.jobs import words
from models_app.models import Job
from models_app.selectors import jobs as selectors
from models_app.services import jobs
from survey.roles import admin_required


@dataclass(frozen=True, slots=True)
class Action:
    question: Any
    # What happens, by the job's state.
    said: Callable[[Job], str]
    # Why it cannot be done now; empty where it can.
    refusal: Callable[[Job], str]
    button: Any
    done: Any
    do: Callable[[HttpRequest, Job], None]


@admin_required
@never_cache
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, CANCEL)


@admin_required
@never_cache
@require_http_methods(["GET", "POST"])
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, RESUME)


@admin_required
@never_cache
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, DELETE)


def _act(request: HttpRequest, pk: int, action: Action) -> HttpResponse:
    job = selectors.job_get(pk)
    if job is None:
        messages.warning(
            request, _("There is no job %(pk)d; it may have been deleted.") % {"pk": pk}
        )
        return redirect("models_dashboard:jobs")
    if request.method == "GET" and (refusal := action.refusal(job)):
        messages.warning(request, refusal)
        return redirect("models_dashboard:job", pk)
    refused = ""
    if request.method == "POST":
        try:
            action.do(request, job)
        except JobConflict as error:
            refused = str(error)
        else:
            messages.success(request, action.done % {"pk": pk})
            if action is DELETE:
                return redirect("models_dashboard:jobs")
            return redirect("models_dashboard:job", pk)
    context = {"job": job, "action": action, "said": action.said(job), "refused": refused}
    return render(request, "dashboard/job_confirm.html", context, status=409 if refused else 200)


def _cancel(request: HttpRequest, job: Job) -> None:
    if not jobs.job_cancel(job, by=person(request)):
        raise JobConflict(_cancelled_already(job))


def _cancelled_already(job: Job) -> str:
    return _("Job %(pk)d is over, or somebody has asked it to stop already.") % {"pk": job.pk}


def _cancel_refusal(job: Job) -> str:
    may = not job.is_over and job.cancel_requested_at is None
    return "" if may else _cancelled_already(job)


def _resume_refusal(job: Job) -> str:
    if upload_lost(job):
        return words.advice(job, upload_lost=True)
    if job.state in {Job.State.CANCELLED, Job.State.FAILED}:
        return ""
    return _("Job %(pk)d is %(state)s; only cancelled and failed jobs can be resumed.") % {
        "pk": job.pk,
        "state": job.get_state_display(),
    }


def _delete_refusal(job: Job) -> str:
    if job.is_over:
        return ""
    return _("Job %(pk)d is %(state)s; cancel it first.") % {
        "pk": job.pk,
        "state": job.get_state_display(),
    }


def _resume(request: HttpRequest, job: Job) -> None:
    if upload_lost(job):
        raise JobConflict(_resume_refusal(job))
    jobs.job_resume(job, by=person(request))


def _delete(request: HttpRequest, job: Job) -> None:
    jobs.job_delete(job, by=person(request))


def _cancel_said(job: Job) -> str:
    if job.state == Job.State.QUEUED:
        return _("It has not begun: it leaves the queue at once, and can be resumed later.")
    return _(
        "It stops at its next pause, usually within seconds, and keeps what it has saved; it can "
        "be resumed later."
    )


def _resume_said(_job: Job) -> str:
    return _("It queues again and goes on from what it saved, with the same configuration.")


def _delete_said(job: Job) -> str:
    files = selectors.artifacts(job)
    said = ngettext(
        "Its configuration, log, curves, figures and %(n)d file (%(size)s) go for good. What "
        "others made of them stays: pictures of a survey, checkpoints, copies of this job.",
        "Its configuration, log, curves, figures and %(n)d files (%(size)s) go for good. What "
        "others made of them stays: pictures of a survey, checkpoints, copies of this job.",
        len(files),
    )
    return said % {"n": len(files), "size": words.size(sum(each.bytes for each in files))}


CANCEL = Action(
    gettext_lazy("Cancel this job?"),
    _cancel_said,
    _cancel_refusal,
    gettext_lazy("Cancel the job"),
    gettext_lazy("Job %(pk)d was asked to stop."),
    _cancel,
)
RESUME = Action(
    gettext_lazy("Resume this job?"),
    _resume_said,
    _resume_refusal,
    gettext_lazy("Resume the job"),
    gettext_lazy("Job %(pk)d is in the queue again."),
    _resume,
)
DELETE = Action(
    gettext_lazy("Delete this job?"),
    _delete_said,
    _delete_refusal,
    gettext_lazy("Delete the job"),
    gettext_lazy("Job %(pk)d and its files were deleted."),
    _delete,
)
