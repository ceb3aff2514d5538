"""Launching: the kinds there are, the form of a kind, its JSON schema."""

import secrets
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from models_app.dashboard.forms import LaunchForm
from models_app.dashboard.job_pages import job_or_404
from models_app.dashboard.jobs import number
from models_app.dashboard.views import person
from models_app.errors import JobInvalid
from models_app.jobs.base import Kind
from models_app.jobs.config import config_schema
from models_app.jobs.registry import REGISTRY, kind_get
from models_app.models import Job
from models_app.networks.backbones import BACKBONES
from models_app.networks.weight_files import command_download, weights_here
from models_app.services import jobs
from survey.roles import admin_required, analyst_required

# In the session: forms that were sent lately, and the jobs that came of them.
LAUNCHED = "jobs-launched"
REMEMBERED = 20


@require_GET
@admin_required
@never_cache
def kinds(request: HttpRequest) -> HttpResponse:
    found = [entry for entry in REGISTRY.values() if entry.listed]
    return render(request, "dashboard/job_kinds.html", {"kinds": found})


@require_http_methods(["GET", "POST"])
@admin_required
@never_cache
def launch(request: HttpRequest, key: str) -> HttpResponse:
    """The form of a kind; ?from=JOB fills it in as that job was, ?option-NAME=... one by one."""
    kind = _kind_or_404(key)
    if request.method == "POST":
        source = _source(request.POST.get("from"), key)
        form = _form(request, kind)
        if form.config is not None:
            try:
                job = _launch_once(request, key, form.config, source)
            except JobInvalid as error:
                form.refuse(error)
            else:
                messages.success(request, _("Job %(pk)d is in the queue.") % {"pk": job})
                return redirect("models_dashboard:job", job)
    else:
        source = _source(request.GET.get("from"), key)
        form = LaunchForm.of_job(kind, source) if source else LaunchForm.of_query(kind, request.GET)
    context = {
        "entry": REGISTRY[key],
        "form": form,
        "source": source,
        "queues": [(queue, Job.Queue(queue).label) for queue in kind.queues],
        "queue": request.POST.get("queue", source.queue if source else ""),
        "lacking": weights_lacking(form),
        "nonce": request.POST.get("nonce") or secrets.token_urlsafe(16),
    }
    return render(request, "dashboard/job_launch.html", context)


def weights_lacking(form: LaunchForm) -> dict[str, str]:
    """Which ImageNet weights a training would begin with and this machine lacks; else nothing.

    A worker may be another machine, so that this is said and not refused.
    """
    found = {each.name: form.values.get(each.name, each.default) for each in form.options}
    name = str(found.get("backbone", "")).strip()
    if found.get("weights") != "imagenet" or name not in BACKBONES or weights_here(name):
        return {}
    return {"name": name, "command": command_download(name)}


@require_GET
@analyst_required
def schema(_request: HttpRequest, key: str) -> JsonResponse:
    """The JSON schema of a kind's configuration."""
    kind = _kind_or_404(key)
    found = config_schema(kind.config_type, title=str(REGISTRY[key].label))
    return JsonResponse(found, json_dumps_params={"indent": 2})


def _kind_or_404(key: str) -> Kind:
    # Kinds that are not listed come from pages of their own.
    if key not in REGISTRY or not REGISTRY[key].listed:
        raise Http404(_("There is no kind of job called %(key)s.") % {"key": key})
    return kind_get(key)


def _source(text: str | None, key: str) -> Job | None:
    """The job that is cloned."""
    pk = number(text)
    if pk is None:
        return None
    job = job_or_404(pk)
    if job.kind != key:
        raise Http404(_("Job %(pk)d is of another kind.") % {"pk": pk})
    return job


def _form(request: HttpRequest, kind: Kind) -> LaunchForm:
    if request.POST.get("how") == "json":
        form = LaunchForm.of_json(kind, request.POST.get("json", ""))
    else:
        form = LaunchForm.of_fields(kind, request.POST)
    queue = request.POST.get("queue")
    if queue and queue not in kind.queues:
        form.error = _("The queue is %(queue)r; allowed are: %(allowed)s.") % {
            "queue": queue[:20],
            "allowed": ", ".join(kind.queues),
        }
        form.config = None
    return form


def _launch_once(request: HttpRequest, key: str, config: dict[str, Any], source: Job | None) -> int:
    """Launch, or return the job that this very form launched before. Raises JobInvalid.

    Two clicks, or a page sent again, are one launch: the form's nonce is looked up in the session
    as the database has it, behind a lock on the person's row.
    """
    nonce = request.POST.get("nonce", "")[:64]
    user = person(request)
    with transaction.atomic():
        if user is not None:
            User.objects.select_for_update().filter(pk=user.pk).values_list("pk").first()
        fresh = type(request.session)(request.session.session_key)
        launched: dict[str, int] = fresh.get(LAUNCHED, {})
        if nonce and nonce in launched:
            return launched[nonce]
        queue = request.POST.get("queue") or None
        job = jobs.job_create(key, config, by=user, queue=queue, cloned_from=source)
        kept = list(launched.items())[1 - REMEMBERED :]
        request.session[LAUNCHED] = dict([*kept, (nonce, job.pk)])
        request.session.save()
    return job.pk
