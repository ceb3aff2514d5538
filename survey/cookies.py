"""The participant behind a request: a session key per survey in the browser's cookie session."""

from django.http import HttpRequest

from survey import selectors
from survey.errors import SessionMissing
from survey.models import Session, Survey


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
