"""What people do with studies: start one with a click, cancel, resume, report again, delete."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from models_app.dashboard.studies import index_context, study_or_404
from models_app.dashboard.views import person
from models_app.errors import JobConflict, JobError, JobInvalid
from models_app.jobs.typed import object_read
from models_app.models import Study
from models_app.selectors import studies as selectors
from models_app.services import studies
from models_app.studies.config import StudyConfig
from models_app.studies.shipped import shipped_get
from survey.roles import admin_required

JSON_MOST = 100_000
Act = Callable[[Study, User | None], object]
ACTS: dict[str, tuple[Act, Any]] = {
    "cancel": (
        lambda study, by: studies.study_cancel(study, by=by),
        gettext_lazy("The study stops; what its jobs saved is kept."),
    ),
    "resume": (
        lambda study, by: studies.study_resume(study, by=by),
        gettext_lazy("The study goes on."),
    ),
    "report-again": (
        lambda study, by: studies.report_again(study, by=by),
        gettext_lazy("The report is made anew."),
    ),
    "delete": (
        lambda study, by: studies.study_delete(study, by=by),
        gettext_lazy("The study is deleted; its jobs and what they made stay."),
    ),
}


@require_POST
@admin_required
def start(request: HttpRequest) -> HttpResponse:
    """Start a shipped configuration, or one that somebody pasted."""
    pasted = request.POST.get("json", "")
    try:
        raw = _raw(request, pasted)
        study = study_begin(raw, by=person(request))
    except JobError as error:
        context = {**index_context(request), "error": str(error), "json": pasted}
        return render(request, "dashboard/studies.html", context, status=400)
    return redirect("models_dashboard:study", study.pk)


@require_POST
@admin_required
def act(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    if what not in ACTS:
        raise Http404(_("A study cannot do this."))
    study = study_or_404(pk)
    do, done = ACTS[what]
    try:
        do(study, person(request))
    except JobConflict as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, done)
        if what == "delete":
            return redirect("models_dashboard:studies")
    return redirect("models_dashboard:study", pk)


def study_begin(raw: dict[str, Any], *, by: User | None) -> Study:
    """Start a study; two clicks on the same button are one study. Raises JobInvalid."""
    try:
        return studies.study_start(raw, by=by)
    except JobInvalid as error:
        found = selectors.study_named(str(raw.get("name", "")))
        if error.field != "name" or found is None:
            raise
        if found.config != json.loads(json.dumps(StudyConfig.from_json(raw).to_json())):
            raise
        return found


def _pasted_read(text: str) -> dict[str, Any]:
    """Raises JobInvalid, which names what a study's configuration looks like."""
    try:
        return object_read(text)
    except JobInvalid as error:
        why = error.__cause__ or _("it is no object")
        raise JobInvalid(
            _(
                "This is no configuration of a study (%(why)s): paste one in JSON, such as the "
                "study.json that every study’s page offers."
            )
            % {"why": why}
        ) from error


def _raw(request: HttpRequest, pasted: str) -> dict[str, Any]:
    """Raises JobInvalid."""
    if pasted:
        if len(pasted) > JSON_MOST:
            raise JobInvalid(
                _("The configuration has %(n)d letters; allowed are %(most)d.")
                % {"n": len(pasted), "most": JSON_MOST}
            )
        return _pasted_read(pasted)
    shipped = shipped_get(request.POST.get("shipped", ""))
    if shipped is None:
        raise JobInvalid(_("Choose one of the configurations, or paste one."))
    return {**shipped.raw, "name": request.POST.get("name") or shipped.raw["name"]}
