"""A person's way into a survey and out of it: start, consent, instructions, the end."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from survey.errors import SurveyClosed
from survey.kinds.base import Settings
from survey.models import Origin, Participant, Session, Survey
from survey.selectors import sessions as selectors
from survey.skips import SkipReason
from survey.texts import consent_text

End = Session.End

# No vowels and no look-alikes: codes are read aloud and typed, and spell no words.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
CODE_SALT = "survey.services.sessions.completion_code"


def session_start(survey: Survey, *, origin: str) -> Session:
    """Make a participant and their session; only people need a survey that is open.

    Raises SurveyClosed.
    """
    if survey.state != Survey.State.OPEN and origin == Origin.PERSON:
        raise SurveyClosed(closed_sentence(survey))
    code = "".join(secrets.choice(ALPHABET) for _i in range(10))
    with transaction.atomic():
        participant = Participant.objects.create(survey=survey, code=code, origin=origin)
        return Session.objects.create(participant=participant, key=secrets.token_urlsafe(32))


def closed_sentence(survey: Survey) -> str:
    """What somebody reads who comes to a survey that is not open: too early, or too late."""
    if survey.state == Survey.State.DRAFT:
        return _("This survey has not begun yet. Please come back later with the same link.")
    return _("This survey is closed. Thank you for your interest.")


def consent_give(session: Session) -> None:
    """Store what was agreed to, word for word; the first time counts."""
    participant = session.participant
    if participant.consented_at is not None:
        return
    settings = Settings.from_json(participant.survey.settings)
    participant.consent_version = settings.consent_version
    participant.consent_text = consent_text(settings)
    participant.consented_at = timezone.now()
    participant.save(update_fields=["consent_version", "consent_text", "consented_at"])


def instructions_seen(session: Session) -> None:
    """Note the first time, and each time after a long gap."""
    now = timezone.now()
    if session.instructions_seen_at is None:
        session.instructions_seen_at = now
    elif gap_is_long(session, now=now):
        session.instructions_seen_at = now
        session.resumes += 1
    else:
        return
    session.save(update_fields=["instructions_seen_at", "resumes"])


def gap_is_long(session: Session, *, now: datetime) -> bool:
    """Tell whether somebody who had begun was away so long that they read how it works again.

    One query, for who has seen the instructions.
    """
    survey = session.participant.survey
    settings = Settings.from_json(survey.settings)
    if not settings.resume_minutes or session.instructions_seen_at is None:
        return False
    if survey.state == Survey.State.CLOSED:
        # There is nothing left to explain: the pair page leads to the end.
        return False
    last = max([session.instructions_seen_at, *selectors.trials_last(session)])
    return now - last > timedelta(minutes=settings.resume_minutes)


def session_finish(
    session: Session,
    survey: Survey,
    *,
    total: int,
    done: int,
    skips: Mapping[str, int],
    now: datetime,
) -> None:
    """End a session; whoever judged what could be judged gets the completion code.

    `skips` are skipped trials by reason.
    """
    failed = skips.get(SkipReason.PICTURE_FAILED, 0)
    passed_by = sum(skips.values()) - failed
    session.finished_at = now
    if done >= total:
        session.end = End.QUOTA
    elif survey.state != Survey.State.OPEN and session.participant.counts:
        # A preview runs in every state: there it ends for other reasons.
        session.end = End.CLOSED
    elif passed_by + failed > done:
        session.end = End.PICTURES_FAILED if failed >= passed_by else End.SKIPPED
    else:
        session.end = End.EXHAUSTED
    # A code is worth something: no preview and no simulation gets one.
    counts = session.participant.origin == Origin.PERSON
    if counts and done and session.end not in {End.PICTURES_FAILED, End.SKIPPED}:
        # Of a survey that was closed and opened again it may have been handed in already.
        session.completion_code = session.completion_code or completion_code(session.participant)
    session.save(update_fields=["finished_at", "end", "completion_code"])


def completion_code(participant: Participant) -> str:
    """HMAC of survey and participant: nobody can guess it, and nothing else is signed so."""
    text = f"{participant.survey_id}:{participant.code}"
    digest = salted_hmac(CODE_SALT, text, algorithm="sha256").digest()
    number = int.from_bytes(digest[:8])
    letters = []
    for _i in range(8):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters[:4]) + "-" + "".join(letters[4:])
