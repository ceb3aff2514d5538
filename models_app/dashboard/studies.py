"""Studies: the list with what can be started, and one with its progress and its report."""

import json
from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from models_app.clock import db_now
from models_app.dashboard import study_words
from models_app.dashboard.job_live import answer
from models_app.findings import studies as findings
from models_app.findings.study_shown import figure_title, report_shown
from models_app.jobs import words
from models_app.models import JobArtifact, Study
from models_app.selectors import jobs as job_selectors
from models_app.selectors import studies as selectors
from models_app.studies.base import REPORT
from models_app.studies.registry import REGISTRY, kind_label
from models_app.studies.report.cells import FORMAT
from models_app.studies.shipped import shipped_all
from survey.roles import Role, analyst_required, has_role

SVG = "image/svg+xml"


@require_GET
@analyst_required
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """All studies, and the configurations that come with the program."""
    return render(request, "dashboard/studies.html", index_context(request))


def index_context(request: HttpRequest) -> dict[str, Any]:
    """Some queries, none a study; one a shipped configuration and thing that it names."""
    now = db_now()
    found = selectors.studies()
    names = {study.name for study in found}
    may_act = has_role(request.user, Role.ADMIN)
    return {
        "rows": [study_words.study_row(study, now) for study in found],
        "may_act": may_act,
        "shipped": [study_words.shipped_shown(each, names) for each in shipped_all()]
        if may_act
        else [],
    }


@require_GET
@analyst_required
@never_cache
def page(request: HttpRequest, pk: int) -> HttpResponse:
    study = study_or_404(pk)
    status = study_words.status(study, db_now())
    context = {
        **status,
        "acts": _acts(request, study, status),
        **_report(study),
        "kind": kind_label(study.kind),
        "purpose": REGISTRY[study.kind].purpose if study.kind in REGISTRY else "",
        "config": json.dumps(study.config, indent=2, ensure_ascii=False),
        "command": findings.command_of(study),
        "texts": study_words.config_words(study.config),
    }
    return render(request, "dashboard/study.html", context)


@require_GET
@analyst_required
@never_cache
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """What changes on the page, as JSON: {state, parts: {id: HTML}, acts, report: its key}."""
    study = study_or_404(pk)
    status = study_words.status(study, db_now())
    body = {
        "state": status["standing"].state,
        "parts": {
            "status": render_to_string("dashboard/_study_status.html", status),
            "parts": render_to_string("dashboard/_study_parts.html", status),
        },
        "acts": [each["what"] for each in _acts(request, study, status) if each["now"]],
        "report": _report_key(study),
    }
    return answer(request, body)


@require_GET
@analyst_required
@never_cache
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """The newest report as a fragment of the page."""
    study = study_or_404(pk)
    return render(request, "dashboard/_study_results.html", {"study": study, **_report(study)})


@require_GET
@analyst_required
def figure(_request: HttpRequest, pk: int, artifact: int) -> HttpResponseBase:
    """A figure of a report, to be shown on its page; a client gives numbers, never a path."""
    study = study_or_404(pk)
    job = next((part.job_id for part in study.parts.all() if part.kind == REPORT), None)
    found = job_selectors.artifact_get(job, artifact) if job else None
    if found is None or found.content_type != SVG:
        raise Http404(_("This report has no such figure; it may have been made anew."))
    try:
        file = default_storage.open(found.file, "rb")
    except FileNotFoundError:
        raise Http404(_("The file of this figure is gone from the storage.")) from None
    response = FileResponse(file, content_type=SVG)
    response["Cache-Control"] = "private, max-age=60"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
@analyst_required
def configuration(_request: HttpRequest, pk: int) -> JsonResponse:
    """What the study was asked with, as run_study takes it."""
    study = study_or_404(pk)
    response = JsonResponse(study.config, json_dumps_params={"indent": 1, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="study.json"'
    return response


def study_or_404(pk: int) -> Study:
    study = selectors.study_get(pk) if pk <= job_selectors.LARGEST_KEY else None
    if study is None:
        raise Http404(_("There is no such study; it may have been deleted."))
    return study


def _acts(request: HttpRequest, study: Study, status: dict[str, Any]) -> list[dict[str, Any]]:
    """What this person may do with it, and whether now."""
    if not has_role(request.user, Role.ADMIN):
        return []
    has_report = any(part.kind == REPORT and part.job_id for part in study.parts.all())
    standing: selectors.Standing = status["standing"]
    over = standing.is_over
    # What failed can be tried again while all else goes on.
    again = standing.state in {"cancelled", "failed"} or (
        standing.state == "running" and bool(status["problems"])
    )
    return [
        {"what": "cancel", "label": _("Cancel"), "now": standing.state == "running"},
        {"what": "resume", "label": _("Resume"), "now": again},
        {"what": "report-again", "label": _("Report again"), "now": over and has_report},
    ]


def _files(study: Study) -> list[JobArtifact]:
    """Files of the newest report that ended well; one query."""
    part = next((part for part in study.parts.all() if part.kind == REPORT), None)
    if part is None or part.job is None or part.job.state != "succeeded":
        return []
    return job_selectors.artifacts(part.job)


def _report_key(study: Study) -> str:
    part = next((part for part in study.parts.all() if part.kind == REPORT), None)
    done = part is not None and part.job is not None and part.job.state == "succeeded"
    if part is not None and done:
        return f"{part.job_id}"
    # Whether a report comes is said in its place, and a click on Cancel changes that.
    return "cancelled" if study.cancelled_at else ""


def _report(study: Study) -> dict[str, Any]:
    """What the page shows of the newest report; a query and a file."""
    files = {each.name: each for each in _files(study)}
    numbers = _numbers(files.get(findings.NUMBERS))
    return {
        "marks": findings.study_marks(study),
        "report": report_shown(numbers) if numbers else None,
        "report_key": _report_key(study),
        "report_gone": bool(files) and numbers is None,
        "figures": [
            {
                "title": figure_title(name.removesuffix(".svg")),
                "svg": each,
                "png": files.get(f"{name.removesuffix('.svg')}.png"),
            }
            for name, each in files.items()
            if name.endswith(".svg")
        ],
        "files": [
            {"artifact": files[name], "size": words.size(files[name].bytes)}
            for name in findings.names_shown(files)
            if not name.endswith((".svg", ".png"))
        ],
    }


def _numbers(artifact: JobArtifact | None) -> dict[str, Any] | None:
    """Read a report's numbers; None where this version cannot."""
    if artifact is None:
        return None
    try:
        with default_storage.open(artifact.file, "rb") as file:
            found = json.load(file)
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("format") == FORMAT else None
