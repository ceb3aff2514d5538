"""What a request is about: the survey of its address, the session of its cookie.

A participant's browser holds one cookie a survey: the key of its session, nothing else. A preview
has a cookie of its own, which is good only beside the log-in it was begun with: after a log-out the
browser is again that of whoever sits there.

While it holds both, a page says which session it was opened in: by that session's mark.
"""

import hashlib
import hmac
import re

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.crypto import salted_hmac

from survey.errors import SessionMissing
from survey.models import Origin, Session, Survey
from survey.selectors import sessions as selectors
from survey.services.surveys import survey_get

# As services/sessions.py makes them.
KEY = re.compile(r"[A-Za-z0-9_-]{43}")
# Of the scripts' requests; an address has the mark as a parameter, because links send no headers.
MARK_HEADER = "X-Session-Mark"
MARK_PARAMETER = "session"
MARK_SALT = "survey.requests.log_in_mark"


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
    """Give the browser the cookie: out of reach for scripts, and as old as a log-in may get.

    Only for a log-in that holds is a mark made: not for whatever a cookie says.
    """
    slug = session.participant.survey.slug
    preview = ""
    if session.participant.origin == Origin.TEST and request.user.is_staff:
        preview = log_in_mark(request)
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
    return salted_hmac(MARK_SALT, held, algorithm="sha256").hexdigest()


def session_keys(request: HttpRequest, slug: str) -> list[str]:
    """The keys that this browser holds, none to two; no query. Anything else there is nothing.

    A preview that goes on at this moment comes first.
    """
    keys = []
    key, _dot, mark = request.COOKIES.get(preview_cookie_name(slug), "").partition(".")
    if KEY.fullmatch(key) and mark.isascii() and mark:
        mine = log_in_mark(request)
        if mine and hmac.compare_digest(mark, mine):
            keys.append(key)
    held = request.COOKIES.get(cookie_name(slug), "")
    if KEY.fullmatch(held):
        keys.append(held)
    return keys


def key_mark(key: str) -> str:
    """What a page may know of its session: enough to tell two apart, useless as a key."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def mark_told(request: HttpRequest) -> str:
    """The mark of the session that a page was opened in; empty where it does not say."""
    return request.headers.get(MARK_HEADER) or request.GET.get(MARK_PARAMETER, "")


def session_key(request: HttpRequest, slug: str) -> str:
    """The key of the session that the page asks for, else the browser's first; "" without one."""
    keys = session_keys(request, slug)
    told = mark_told(request)
    return next((key for key in keys if not told or key_mark(key) == told), "")


def session_address(request: HttpRequest, session: Session, page: str) -> str:
    """Where a page of this session is; it says which session where the browser holds another."""
    slug = session.participant.survey.slug
    address = reverse(page, args=[slug])
    if len(session_keys(request, slug)) < 2:
        return address
    return f"{address}?{MARK_PARAMETER}={key_mark(session.key)}"


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
    """The session to go on with from the start page.

    A mark that no cookie fits is no reason to begin anew: it came with an old address.
    """
    key = session_key(request, slug) or next(iter(session_keys(request, slug)), "")
    try:
        return selectors.session_get(key, slug=slug)
    except SessionMissing:
        return None
