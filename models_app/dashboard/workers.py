"""Workers that live, those that fell silent, and how one on another machine joins."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from models_app.clock import db_now
from models_app.dashboard.job_live import answer
from models_app.dashboard.jobs import worker_shown
from models_app.jobs import words
from models_app.models import Job
from models_app.selectors import jobs as selectors
from survey.roles import Role, analyst_required, has_role


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    context = {**_shown(), "joining": _joining(), "may_launch": has_role(request.user, Role.ADMIN)}
    return render(request, "dashboard/workers.html", context)


@require_GET
@analyst_required
def live(request: HttpRequest) -> HttpResponse:
    """What changes on the page, as JSON: {parts: {id: HTML}}."""
    part = render_to_string("dashboard/_workers.html", _shown())
    return answer(request, {"parts": {"workers": part}})


def _shown() -> dict[str, Any]:
    """Four queries, and one for the clock."""
    now = db_now()
    alive, silent = selectors.workers_known()
    return {
        "alive": [
            {
                **worker_shown(each),
                "since": words.ago(each.worker.started_at, now),
                "since_exact": words.exact(each.worker.started_at),
                "versions": each.worker.versions.items(),
            }
            for each in alive
        ],
        "silent": [
            {
                "worker": worker,
                "said": words.ago(worker.beat_at, now),
                "exact": words.exact(worker.beat_at),
            }
            for worker in silent
        ],
        "deserted": [
            {"queue": Job.Queue(queue).label, "n": n}
            for queue, n in selectors.queues_deserted(alive)
        ],
    }


def _joining() -> dict[str, Any]:
    """How a worker on another machine joins: what is in the way, or the command a queue."""
    obstacles = import_string(settings.WORKER_JOINING["obstacles"])()
    command = import_string(settings.WORKER_JOINING["command"])
    commands = [] if obstacles else [(label, command(queue)) for queue, label in Job.Queue.choices]
    return {"obstacles": obstacles, "commands": commands}
