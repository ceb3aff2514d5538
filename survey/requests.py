"""What a request is about: the survey of its address, the session of its cookie.

A participant's browser holds one cookie a survey: the key of its session, nothing else. A preview
has a cookie of its own, which is good only beside the log-in it was begun with: after a log-out the
browser is again that of whoever sits there.
"""

import hashlib
import hmac
import re

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from survey.errors import SessionMissing
from survey.models import Origin, Session, Survey
from survey.selectors import sessions as selectors
from survey.services.surveys import survey_get

# As services/sessions.py makes them.
KEY = re.compile(r"[A-Za-z0-9_-]{43}")


def survey_or_404(slug: str) -> Survey:
    survey = survey_get(slug)
    if survey is None:
        raise Http404
    return survey


def cookie_name(slug: str) -> str:
    return f"participant-{slug}"


def preview_cookie_name(slug: str) -> str:
    return f"preview-{slug}"


def session_remember(request: HttpRequest, response: HttpResponseBase, session: Session) -> None:
    """Give the browser the cookie: out of reach for scripts, and as old as a log-in may get."""
    slug = session.participant.survey.slug
    preview = session.participant.origin == Origin.TEST and log_in_mark(request)
    response.set_cookie(
        preview_cookie_name(slug) if preview else cookie_name(slug),
        f"{session.key}.{preview}" if preview else session.key,
        max_age=None if preview else settings.SESSION_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def preview_forget(response: HttpResponseBase, slug: str) -> None:
    response.delete_cookie(preview_cookie_name(slug), samesite="Lax")


def log_in_mark(request: HttpRequest) -> str:
    """What changes with every log-in and log-out, and tells nothing of it; empty without one."""
    held = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if not held:
        return ""
    return hmac.digest(settings.SECRET_KEY.encode(), held.encode(), hashlib.sha256).hex()


def session_key(request: HttpRequest, slug: str) -> str:
    """The key that this browser holds, or nothing; no query. Anything else in a cookie is nothing.

    A preview that goes on at this moment comes first.
    """
    key, _dot, mark = request.COOKIES.get(preview_cookie_name(slug), "").partition(".")
    if KEY.fullmatch(key) and mark.isascii() and mark:
        mine = log_in_mark(request)
        if mine and hmac.compare_digest(mark, mine):
            return key
    held = request.COOKIES.get(cookie_name(slug), "")
    return held if KEY.fullmatch(held) else ""


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
