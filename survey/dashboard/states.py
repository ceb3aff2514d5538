"""Open and close a survey. For admins; analysts see on its page how it stands."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from survey.errors import SurveyInvalid
from survey.models import Survey
from survey.requests import survey_or_404
from survey.roles import admin_required
from survey.services.surveys import survey_close_by, survey_open_by


@require_POST
@admin_required
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Open a draft, or what was closed, again."""
    survey = survey_or_404(slug)
    try:
        changed = survey_open_by(request.user, survey)
    except SurveyInvalid as error:
        messages.error(request, str(error))
    else:
        said = _("The survey is open.") if changed else _("The survey was open already.")
        messages.success(request, said)
    return redirect("dashboard:survey", slug)


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
@never_cache
def stop(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask first: people may be in the middle of it."""
    survey = survey_or_404(slug)
    if request.method != "POST" and survey.state == Survey.State.OPEN:
        return render(request, "dashboard/survey_close.html", {"survey": survey})
    if request.method == "POST" and survey_close_by(request.user, survey):
        messages.success(request, _("The survey is closed."))
    else:
        messages.error(request, _("The survey was not open; nothing was changed."))
    return redirect("dashboard:survey", slug)
