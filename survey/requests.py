"""What a request is about: the survey of its address, the session of its cookie.

A participant's browser holds one cookie a survey: the key of its session, nothing else.
"""

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from survey.errors import SessionMissing
from survey.models import Session, Survey
from survey.selectors import sessions as selectors
from survey.services.surveys import survey_get


def survey_or_404(slug: str) -> Survey:
    survey = survey_get(slug)
    if survey is None:
        raise Http404
    return survey


def cookie_name(slug: str) -> str:
    return f"participant-{slug}"


def session_remember(response: HttpResponseBase, session: Session) -> None:
    """Give the browser the cookie: out of reach for scripts, and as old as a log-in may get."""
    response.set_cookie(
        cookie_name(session.participant.survey.slug),
        session.key,
        max_age=settings.SESSION_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def session_forget(response: HttpResponseBase, slug: str) -> None:
    response.delete_cookie(cookie_name(slug), samesite="Lax")


def session_key(request: HttpRequest, slug: str) -> str:
    return request.COOKIES.get(cookie_name(slug), "")


def session_of(request: HttpRequest, slug: str) -> Session:
    """Return the browser's session with its participant and survey; one query.

    Raises SessionMissing, or Http404 where there is no such survey.
    """
    try:
        return selectors.session_get(session_key(request, slug), slug=slug)
    except SessionMissing:
        survey_or_404(slug)
        raise


def session_or_none(request: HttpRequest, slug: str) -> Session | None:
    try:
        return session_of(request, slug)
    except SessionMissing:
        return None
