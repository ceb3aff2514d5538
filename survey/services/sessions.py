"""A person's way through a survey: start, consent, leases of pairs, the end."""

import hashlib
import hmac
import random
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings as django_settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from survey import selectors
from survey.errors import SurveyClosed
from survey.kinds.base import Settings
from survey.models import Assignment, Participant, Session, Side, Survey
from survey.pairing import strategy_get
from survey.texts import consent_text

# No vowels and no look-alikes: codes are read aloud and typed, and spell no words.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
# So long a session waits for pictures that are still to come; they may not be for this person.
WAIT = timedelta(minutes=2)
# This pair and the next one, which the page loads meanwhile.
LOOKAHEAD = 2


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a session stands; `trials` holds the open pair and the one after it."""

    state: Literal["pair", "waiting", "done"]
    done: int
    total: int
    trials: tuple[Assignment, ...] = ()


def session_start(survey: Survey, *, preview: bool) -> Session:
    if survey.state != Survey.State.OPEN and not preview:
        raise SurveyClosed(_("This survey is closed. Thank you for your interest."))
    code = "".join(secrets.choice(ALPHABET) for _i in range(10))
    with transaction.atomic():
        participant = Participant.objects.create(survey=survey, code=code, is_preview=preview)
        return Session.objects.create(participant=participant, key=secrets.token_urlsafe(32))


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
    if session.instructions_seen_at is None:
        session.instructions_seen_at = timezone.now()
        session.save(update_fields=["instructions_seen_at"])


@transaction.atomic
def trials_lease(session: Session) -> Progress:
    """Return this session's open pairs, leasing what is missing.

    The whole assignment is one transaction under the survey's lock (on SQLite BEGIN IMMEDIATE is
    that lock), so two clients never count the same state and the balance is exact.
    """
    return trials_lease_locked(session, survey_lock(session))


def survey_lock(session: Session) -> Survey:
    """Take the lock under which all assignments of a survey are made; needs a transaction."""
    return Survey.objects.select_for_update().get(pk=session.participant.survey_id)


def trials_lease_locked(session: Session, survey: Survey) -> Progress:
    """As trials_lease, inside a transaction that holds the survey's lock."""
    now = timezone.now()
    # Another request of this session may have finished it while this one waited for the lock.
    session.refresh_from_db(fields=["finished_at", "completion_code", "end", "waiting_since"])
    settings = Settings.from_json(survey.settings)
    done = selectors.votes_count(session)
    if session.finished_at is not None:
        return Progress("done", done, settings.trials)
    running = survey.state == Survey.State.OPEN or session.participant.is_preview
    leases = session.assignments.filter(state=Assignment.State.OPEN)
    if running:
        # The person is here: what they hold stays theirs, however long they were away. A lease
        # that has lapsed only stops counting for the balance.
        leases.update(expires_at=now + timedelta(minutes=settings.lease_minutes))
    else:
        # A survey that closes ends the sessions in it: nobody keeps a pair that nobody takes.
        leases.update(state=Assignment.State.EXPIRED)
    trials = selectors.trials_open(session)
    wanted = min(LOOKAHEAD, settings.trials - done)
    while running and len(trials) < wanted:
        trial = _trial_add(session, survey, settings, now)
        if trial is None:
            break
        trials.append(trial)
    if trials:
        if session.waiting_since is not None:
            session.waiting_since = None
            session.save(update_fields=["waiting_since"])
        return Progress("pair", done, settings.trials, tuple(trials))
    if wanted and running and _waits(session, survey, now):
        return Progress("waiting", done, settings.trials)
    _session_finish(session, survey, settings, done, now)
    return Progress("done", done, settings.trials)


def _waits(session: Session, survey: Survey, now: datetime) -> bool:
    """Tell whether to wait for pictures to come, and remember since when."""
    if selectors.pairs_ready(survey) >= survey.pairs_expected:
        return False
    if session.waiting_since is None:
        session.waiting_since = now
        session.save(update_fields=["waiting_since"])
    return now - session.waiting_since < WAIT


def _positions_most(settings: Settings) -> int:
    # A browser that can show no picture at all skips trial after trial: end it somewhere.
    return 2 * settings.trials + 20


def _trial_add(
    session: Session, survey: Survey, settings: Settings, now: datetime
) -> Assignment | None:
    past = selectors.history(session.participant)
    if past.last_position >= _positions_most(settings):
        return None
    seen = Counter(past.photos)
    recent = past.photos[-settings.photo_gap :] if settings.photo_gap else []
    blocked = {photo for photo, n in seen.items() if n >= settings.photo_repeats} | set(recent)
    choice = strategy_get(settings.pairing).pair_choose(
        selectors.condition_counts(survey, now=now),
        lambda condition: selectors.candidates(
            condition, photos_blocked=sorted(blocked), stimuli_blocked=past.stimuli, now=now
        ),
        past.shown,
        random.SystemRandom(),
    )
    if choice is None:
        return None
    return Assignment.objects.create(
        survey=survey,
        condition_id=choice.condition,
        is_preview=session.participant.is_preview,
        session=session,
        stimulus_id=choice.stimulus,
        position=past.last_position + 1,
        token=secrets.token_urlsafe(18),
        left_token=secrets.token_urlsafe(18),
        right_token=secrets.token_urlsafe(18),
        original_side=Side.LEFT if choice.original_left else Side.RIGHT,
        leased_at=now,
        expires_at=now + timedelta(minutes=settings.lease_minutes),
    )


def _session_finish(
    session: Session, survey: Survey, settings: Settings, done: int, now: datetime
) -> None:
    """End a session; whoever judged what could be judged gets the completion code."""
    session.finished_at = now
    if done >= settings.trials:
        session.end = Session.End.QUOTA
    elif survey.state != Survey.State.OPEN:
        session.end = Session.End.CLOSED
    elif selectors.skips_count(session) > done:
        session.end = Session.End.PICTURES_FAILED
    else:
        session.end = Session.End.EXHAUSTED
    if done and session.end != Session.End.PICTURES_FAILED:
        session.completion_code = completion_code(session.participant)
    session.save(update_fields=["finished_at", "end", "completion_code"])


def completion_code(participant: Participant) -> str:
    """HMAC of survey and participant: nobody can guess it, anybody with the key can check it."""
    text = f"{participant.survey_id}:{participant.code}"
    digest = hmac.digest(django_settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256)
    number = int.from_bytes(digest[:8])
    letters = []
    for _i in range(8):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters[:4]) + "-" + "".join(letters[4:])
