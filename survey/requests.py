"""What a request is about: the survey of its address, the session of its cookie.

A browser's cookie session holds one session key a survey.
"""

from django.http import Http404, HttpRequest

from survey import selectors
from survey.errors import SessionMissing
from survey.models import Session, Survey
from survey.services.surveys import survey_get


def survey_or_404(slug: str) -> Survey:
    survey = survey_get(slug)
    if survey is None:
        raise Http404
    return survey


def _name(survey: Survey) -> str:
    return f"survey:{survey.pk}"


def session_remember(request: HttpRequest, session: Session) -> None:
    request.session[_name(session.participant.survey)] = session.key


def session_forget(request: HttpRequest, survey: Survey) -> None:
    request.session.pop(_name(survey), None)


def session_key(request: HttpRequest, survey_pk: int) -> str:
    return str(request.session.get(f"survey:{survey_pk}", ""))


def session_of(request: HttpRequest, survey: Survey) -> Session:
    """Raises SessionMissing."""
    return selectors.session_get(session_key(request, survey.pk), survey=survey)


def session_or_none(request: HttpRequest, survey: Survey) -> Session | None:
    try:
        return session_of(request, survey)
    except SessionMissing:
        return None
