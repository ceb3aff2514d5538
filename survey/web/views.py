"""A participant's pages once begun: consent -> instructions -> pair -> done."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_safe

from survey import texts
from survey.errors import SessionMissing
from survey.kinds import kind_get
from survey.kinds.base import Settings
from survey.models import Origin, Session, Survey
from survey.requests import (
    key_mark,
    mark_told,
    preview_forget,
    session_address,
    session_of,
)
from survey.selectors import sessions as session_reads
from survey.services import sessions
from survey.skips import CHOSEN
from survey.web.steps import next_page


def needs_session(
    view: Callable[[HttpRequest, Survey, Session], HttpResponse],
) -> Callable[[HttpRequest, str], HttpResponse]:
    """Find the survey and this browser's session; without one, go to the start page."""

    @wraps(view)
    @never_cache
    def inner(request: HttpRequest, slug: str) -> HttpResponse:
        try:
            session = session_of(request, slug)
        except SessionMissing:
            return redirect("survey:start", slug)
        if session.participant.counts and request.user.is_staff and not mark_told(request):
            # Begun before logging in: the start page makes it a preview. A page that was open then
            # goes on as whose it was.
            return redirect("survey:start", slug)
        return view(request, session.participant.survey, session)

    return inner


@require_http_methods(["GET", "HEAD", "POST"])
@needs_session
def consent(request: HttpRequest, survey: Survey, session: Session) -> HttpResponse:
    settings = Settings.from_json(survey.settings)
    changed = False
    if request.method == "POST":
        # The text may have been changed since it was shown; nobody agrees to what they did not see.
        changed = request.POST.get("text") != texts.consent_digest(settings)
        if not changed:
            sessions.consent_give(session)
            return redirect(session_address(request, session, "survey:instructions"))
    context = {
        "changed": changed,
        "digest": texts.consent_digest(settings),
        "survey": survey,
        "settings": settings,
        "text": texts.consent_text(settings),
        "given_at": session.participant.consented_at,
        "session_mark": key_mark(session.key),
    }
    return render(request, "survey/consent.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_session
def instructions(request: HttpRequest, survey: Survey, session: Session) -> HttpResponse:
    if session.participant.consented_at is None:
        return redirect(session_address(request, session, "survey:consent"))
    if request.method == "POST":
        sessions.instructions_seen(session)
        return redirect(session_address(request, session, "survey:pair"))
    settings = Settings.from_json(survey.settings)
    context = {
        "survey": survey,
        "settings": settings,
        "question": texts.question(settings),
        "begun": session.instructions_seen_at is not None,
        "answered": session_reads.votes_count(session),
        "session_mark": key_mark(session.key),
    }
    return render(request, "survey/instructions.html", context)


@require_safe
@ensure_csrf_cookie
@needs_session
def pair(request: HttpRequest, survey: Survey, session: Session) -> HttpResponse:
    page = next_page(session)
    if page != "survey:pair":
        return redirect(session_address(request, session, page))
    settings = Settings.from_json(survey.settings)
    context = {
        "survey": survey,
        "settings": settings,
        "question": texts.question(settings),
        "reasons": CHOSEN,
        "session_mark": key_mark(session.key),
    }
    return render(request, kind_get(survey.kind).template_name, context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_session
def done(request: HttpRequest, survey: Survey, session: Session) -> HttpResponse:
    if session.finished_at is None:
        return redirect(session_address(request, session, "survey:pair"))
    preview = session.participant.origin == Origin.TEST
    if request.method == "POST" and preview:
        # Staff look again and again; everybody else takes part once.
        response = redirect("survey:start", survey.slug)
        preview_forget(response, survey.slug)
        return response
    settings = Settings.from_json(survey.settings)
    answered = session_reads.votes_count(session)
    context = {
        "survey": survey,
        "session": session,
        "session_mark": key_mark(session.key),
        "preview": preview,
        "answered": answered,
        "purpose": texts.purpose(settings),
        "contact": settings.contact,
    }
    return render(request, "survey/done.html", context)
