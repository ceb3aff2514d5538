"""The way in: open surveys, what this is, and the start page with its one button."""

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from survey.designs.credits import credits_of
from survey.errors import SurveyClosed, SurveyError
from survey.kinds.base import Settings
from survey.limits import address, count, seconds_left
from survey.models import Origin, Session, Survey
from survey.requests import session_or_none, session_remember, survey_or_404
from survey.selectors import surveys as selectors
from survey.services import invites, sessions
from survey.web.steps import next_page

SECONDS_A_TRIAL = 5


class TooMany(SurveyError):
    status = 429
    code = "throttled"


def minutes(settings: Settings) -> int:
    return max(1, round(settings.trials * SECONDS_A_TRIAL / 60))


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """The open surveys, each with what is ready and what is still being prepared.

    Surveys by invitation are not listed: who is invited has the link.
    """
    surveys = [
        {
            "survey": survey,
            "ready": ready,
            "coming": survey.pairs_expected > ready,
            "trials": settings.trials,
            "minutes": minutes(settings),
        }
        for survey, ready in selectors.surveys_open_ready()
        for settings in [Settings.from_json(survey.settings)]
        if settings.access == "open"
    ]
    preparing = not surveys or any(not item["ready"] for item in surveys)
    return render(request, "survey/home.html", {"surveys": surveys, "preparing": preparing})


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    credits = [
        (survey, [row for row in credits_of(survey) if any(row[1:])])
        for survey in selectors.surveys_open()
        if not invites.is_needed(survey)
    ]
    return render(request, "survey/about.html", {"credits": credits})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, slug: str, token: str = "") -> HttpResponse:
    """What, how long, how much data; only the POST button makes a participant.

    Mail and chat programs fetch links to preview them: a GET must not use up anything, neither an
    open link nor an invite.
    """
    survey = survey_or_404(slug)
    session = session_or_none(request, slug)
    origin = Origin.TEST if request.user.is_staff else Origin.PERSON
    if session and _begins_anew(session, origin, survey, token):
        session = None
    if session is None and origin == Origin.PERSON and invites.is_needed(survey):
        try:
            invites.invite_check(survey, token)
        except SurveyError as error:
            return _refused(request, survey, error)
    if request.method == "POST":
        if session is None:
            try:
                session = _begin(request, survey, token, origin)
            except SurveyError as error:
                return _refused(request, survey, error)
        response = redirect(next_page(session), slug)
        session_remember(request, response, session)
        return response
    settings = Settings.from_json(survey.settings)
    pair_bytes = selectors.pair_bytes_mean(survey)
    context = {
        "survey": survey,
        "settings": settings,
        "session": session,
        "closed": (
            sessions.closed_sentence(survey)
            if survey.state != Survey.State.OPEN and not request.user.is_staff
            else ""
        ),
        "ready": selectors.pairs_ready(survey),
        "minutes": minutes(settings),
        "megabytes": pair_bytes and max(1, round(settings.trials * pair_bytes / 1e6)),
        "preview": (session.participant.origin if session else origin) == Origin.TEST,
    }
    return render(request, "survey/start.html", context)


def _begins_anew(session: Session, origin: str, survey: Survey, token: str) -> bool:
    """Whether this browser's session is that of somebody else.

    What staff do is a preview, whoever took part here before they logged in; and a new invite is
    for a new person, on the computer of a lab too. Where none is needed, none is used up: there a
    link with one is a link like any other.
    """
    if origin == Origin.TEST:
        return session.participant.counts
    return invites.is_needed(survey) and invites.invite_is_open(survey, token)


def _begin(request: HttpRequest, survey: Survey, token: str, origin: str) -> Session:
    """Make the participant. Raises SurveyClosed, TooMany, InviteNeeded, InviteGone."""
    allowed = django_settings.STARTS_PER_MINUTE
    if allowed and count("start", address(request)) > allowed:
        raise TooMany(
            _("Too many people began from your network just now; try again in %(n)d seconds.")
            % {"n": seconds_left()}
        )
    if origin == Origin.PERSON and invites.is_needed(survey):
        return invites.session_start_invited(survey, token)
    return sessions.session_start(survey, origin=origin)


def _refused(request: HttpRequest, survey: Survey, error: SurveyError) -> HttpResponse:
    context = {
        "message": error,
        "closed": isinstance(error, SurveyClosed),
        "begins_later": survey.state == Survey.State.DRAFT,
    }
    response = render(request, "survey/closed.html", context, status=error.status)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(seconds_left())
    return response
