"""A participant's pages: start -> consent -> instructions -> pair -> done."""

from collections.abc import Callable
from functools import wraps

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_safe

from survey import selectors, texts
from survey.errors import SessionMissing, SurveyClosed
from survey.kinds import kind_get
from survey.kinds.base import Settings
from survey.models import Session, Survey
from survey.requests import (
    session_forget,
    session_key,
    session_of,
    session_or_none,
    session_remember,
    survey_or_404,
)
from survey.services import sessions

SECONDS_A_TRIAL = 5


def minutes(settings: Settings) -> int:
    return max(1, round(settings.trials * SECONDS_A_TRIAL / 60))


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """The open surveys, each with what is ready and what is still being prepared."""
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
    ]
    preparing = not surveys or any(not item["ready"] for item in surveys)
    return render(request, "survey/home.html", {"surveys": surveys, "preparing": preparing})


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    credits = [(survey, selectors.credits_of(survey)) for survey in selectors.surveys_open()]
    return render(request, "survey/about.html", {"credits": credits})


def next_page(session: Session) -> str:
    """Name of the first page that this session has not done yet."""
    if session.finished_at is not None:
        return "survey:done"
    if session.participant.consented_at is None:
        return "survey:consent"
    return "survey:pair" if session.instructions_seen_at else "survey:instructions"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """What, how long, how much data; only the POST button makes a participant.

    Mail and chat programs fetch links to preview them: a GET must not use up anything.
    """
    survey = survey_or_404(slug)
    session = session_or_none(request, survey)
    if session and request.user.is_staff and not session.participant.is_preview:
        # Begun before logging in: what staff do from here on is a preview.
        session = None
    if request.method == "POST":
        if session is None:
            try:
                session = sessions.session_start(survey, preview=request.user.is_staff)
            except SurveyClosed as error:
                return render(request, "survey/closed.html", {"message": error}, status=409)
            session_remember(request, session)
        return redirect(next_page(session), slug)
    settings = Settings.from_json(survey.settings)
    ready = selectors.pairs_ready(survey)
    pair_bytes = selectors.pair_bytes_mean(survey)
    context = {
        "survey": survey,
        "settings": settings,
        "session": session,
        "closed": survey.state != Survey.State.OPEN and not request.user.is_staff,
        "ready": ready,
        "minutes": minutes(settings),
        "megabytes": pair_bytes and max(1, round(settings.trials * pair_bytes / 1e6)),
        "preview": session.participant.is_preview if session else request.user.is_staff,
    }
    return render(request, "survey/start.html", context)


def needs_session(
    view: Callable[[HttpRequest, Survey, Session], HttpResponse],
) -> Callable[[HttpRequest, str], HttpResponse]:
    """Find the survey and this browser's session; without one, go to the start page."""

    @wraps(view)
    @never_cache
    def inner(request: HttpRequest, slug: str) -> HttpResponse:
        survey = survey_or_404(slug)
        try:
            session = session_of(request, survey)
        except SessionMissing:
            return redirect("survey:start", slug)
        return view(request, survey, session)

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
            return redirect("survey:instructions", survey.slug)
    context = {
        "changed": changed,
        "digest": texts.consent_digest(settings),
        "survey": survey,
        "settings": settings,
        "text": texts.consent_text(settings),
        "given_at": session.participant.consented_at,
    }
    return render(request, "survey/consent.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_session
def instructions(request: HttpRequest, survey: Survey, session: Session) -> HttpResponse:
    if session.participant.consented_at is None:
        return redirect("survey:consent", survey.slug)
    if request.method == "POST":
        sessions.instructions_seen(session)
        return redirect("survey:pair", survey.slug)
    settings = Settings.from_json(survey.settings)
    context = {"survey": survey, "settings": settings, "question": texts.question(settings)}
    return render(request, "survey/instructions.html", context)


@require_safe
@ensure_csrf_cookie
@needs_session
def pair(request: HttpRequest, survey: Survey, session: Session) -> HttpResponse:
    if next_page(session) != "survey:pair":
        return redirect(next_page(session), survey.slug)
    settings = Settings.from_json(survey.settings)
    context = {"survey": survey, "settings": settings, "question": texts.question(settings)}
    return render(request, kind_get(survey.kind).template_name, context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_session
def done(request: HttpRequest, survey: Survey, session: Session) -> HttpResponse:
    if session.finished_at is None:
        return redirect("survey:pair", survey.slug)
    if request.method == "POST" and session.participant.is_preview:
        # Staff look again and again; everybody else takes part once.
        session_forget(request, survey)
        return redirect("survey:start", survey.slug)
    settings = Settings.from_json(survey.settings)
    answered = selectors.votes_count(session)
    context = {
        "survey": survey,
        "session": session,
        "answered": answered,
        "purpose": texts.purpose(settings),
        "contact": settings.contact,
    }
    return render(request, "survey/done.html", context)


@require_safe
def picture(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Send one side of a presentation, padded so that both sides have equal length.

    Bytes after a JPEG's end-of-image marker or PNG's IEND chunk are ignored by browsers. Every
    header is the same for both sides; nothing names the file.
    """
    survey = survey_or_404(slug)
    found = selectors.picture_get(token, session_key=session_key(request, survey.pk))
    if found is None:
        raise Http404
    trial, is_original = found
    variant, original = trial.stimulus, trial.stimulus.reference
    if original is None:
        raise Http404
    shown = original if is_original else variant
    length = max(original.bytes, variant.bytes)
    try:
        # All of it before anything is answered: afterwards it would be too late for a 404.
        with default_storage.open(shown.file, "rb") as file:
            content: bytes = file.read()
    except FileNotFoundError:
        raise Http404 from None
    padded = content.ljust(length, b"\0")
    response = HttpResponse(padded, content_type=variant.content_type)
    response["Content-Length"] = str(length)
    # Kept by this browser for the session only: the address is good for one presentation.
    response["Cache-Control"] = "private, max-age=3600, immutable"
    return response
