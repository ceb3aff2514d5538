"""Leases of pairs: every assignment of a survey is made under one lock.

On SQLite a transaction that begins IMMEDIATE is that lock; elsewhere it is the survey's row. Two
clients therefore never count the same state, and the balance is exact.
"""

import random
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from survey.kinds.base import Settings
from survey.models import Assignment, Session, Side, Survey
from survey.pairing import strategy_get
from survey.pairing.base import Candidate
from survey.prepared import PreparedInsert
from survey.selectors import leasing as selectors
from survey.selectors.leasing import History, Pair, Trial
from survey.selectors.sessions import session_get
from survey.selectors.surveys import pairs_ready
from survey.services.breaks import break_due
from survey.services.counts import exposure_add
from survey.services.durability import disk_awaited_after_lock
from survey.services.sessions import session_finish

STATES = Assignment.State
# So long a session waits for pictures that are still to come; they may not be for this person.
WAIT = timedelta(minutes=2)
# This pair and the next one, which the page loads meanwhile.
LOOKAHEAD = 2
# Pairs of one condition that a person passes by before its others are shown first.
PASSED_BY = 2


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a session stands; `trials` holds the open pair and the one after it.

    A vote that was taken back comes before them, and is among the `done` ones meanwhile.
    """

    state: Literal["pair", "waiting", "done"]
    done: int
    total: int
    trials: tuple[Trial, ...] = ()
    # Token of the vote that may be taken back now.
    undo: str | None = None
    break_due: bool = False

    @property
    def revising(self) -> bool:
        return bool(self.trials) and self.trials[0].reopened_at is not None


class Blocked(NamedTuple):
    """What a person may not see now, or not again."""

    photos_blocked: set[str]
    stimuli_blocked: set[int]


def session_lock(session: Session) -> Session:
    """Take the survey's lock and read the session anew; needs a transaction.

    What the session said before may be over: another request of it may have held the lock.
    """
    disk_awaited_after_lock()
    if connection.features.has_select_for_update:
        # A query of its own: the next one must read what the holder before has written. Without
        # the key: who only refers to the survey, as a new participant does, need not wait.
        Survey.objects.select_for_update(no_key=True).get(pk=session.participant.survey_id)
    return session_get(session.key, slug=session.participant.survey.slug)


@transaction.atomic
def trials_lease(session: Session) -> Progress:
    """Return this session's open pairs, leasing what is missing."""
    held = session_lock(session)
    return trials_lease_locked(held, selectors.history(held))


def trials_lease_locked(session: Session, past: History) -> Progress:
    """As trials_lease, for a session that holds the lock; `past` is its history until now."""
    survey = session.participant.survey
    settings = Settings.from_json(survey.settings)
    if session.finished_at is not None:
        return Progress("done", past.done, settings.trials)
    now = timezone.now()
    running = survey.state == Survey.State.OPEN or not session.participant.counts
    trials = past.in_state(STATES.OPEN)
    if running:
        _leases_renew(trials, settings, now)
    else:
        # A survey that closes ends the sessions in it: nobody keeps a pair that nobody takes.
        _states_set(trials, STATES.EXPIRED)
        trials = []
    wanted = min(LOOKAHEAD, settings.trials - past.done)
    while running and len(trials) < wanted:
        trial = _trial_add(session, past, settings, now)
        if trial is None:
            break
        past = History((*past.trials, trial))
        trials.append(trial)
    # An answer that is asked for again is worth waiting for only while it could be given.
    shown = (*past.reopened, *trials) if running else ()
    if shown:
        _waiting_set(session, None)
        return Progress(
            "pair",
            past.done,
            settings.trials,
            shown,
            undo=undo_token(past, settings),
            break_due=not past.reopened and break_due(session, settings, past.done),
        )
    if wanted and running and _waits(session, survey, past, now):
        return Progress("waiting", past.done, settings.trials)
    session_finish(
        session,
        survey,
        total=settings.trials,
        done=past.done,
        skips=selectors.skips_count(session),
        now=now,
    )
    return Progress("done", past.done, settings.trials)


def undo_token(past: History, settings: Settings) -> str | None:
    """Tell which vote may be taken back: the last one, and only once."""
    last = past.last_voted
    if not settings.undo or last is None or last.revision_token is not None:
        return None
    return last.token


def _leases_renew(trials: list[Trial], settings: Settings, now: datetime) -> None:
    """The person is here: what they hold stays theirs, however long they were away.

    A lease that has lapsed only stops counting for the balance. One that has more than half its
    time left is let be: that saves a write with nearly every vote.
    """
    lease = timedelta(minutes=settings.lease_minutes)
    short = [trial.pk for trial in trials if trial.expires_at - now < lease / 2]
    if short:
        Assignment.objects.filter(pk__in=short).update(expires_at=now + lease)


def _states_set(trials: list[Trial], state: str) -> None:
    if trials:
        Assignment.objects.filter(pk__in=[trial.pk for trial in trials]).update(state=state)


def _waiting_set(session: Session, since: datetime | None) -> None:
    if session.waiting_since != since:
        session.waiting_since = since
        session.save(update_fields=["waiting_since"])


def _waits(session: Session, survey: Survey, past: History, now: datetime) -> bool:
    """Tell whether to wait for pictures to come, and remember since when.

    Who has judged nothing yet waits as long as the page is open: an end would be for good.
    """
    if pairs_ready(survey) >= survey.pairs_expected:
        return False
    since = session.waiting_since or now
    _waiting_set(session, since)
    return not past.done or now - since < WAIT


def _positions_most(settings: Settings) -> int:
    # A browser that can show no picture at all skips trial after trial: end it somewhere.
    return 2 * settings.trials + 20


def _trial_add(session: Session, past: History, settings: Settings, now: datetime) -> Trial | None:
    if past.last_position >= _positions_most(settings):
        return None
    survey, origin = session.participant.survey, session.participant.origin
    photos = [trial.photo for trial in past.trials]
    recent = photos[-settings.photo_gap :] if settings.photo_gap else []
    often = {photo for photo, n in Counter(photos).items() if n >= settings.photo_repeats}
    blocked = Blocked(often.union(recent), {trial.stimulus for trial in past.trials})
    # A page that waits asks every second or so, and the strategy asks for each condition.
    if session.waiting_since and not selectors.pair_exists(survey, **blocked._asdict()):
        return None
    found: dict[int, Pair] = {}

    def candidates(condition: int) -> list[Candidate]:
        pairs = selectors.pairs_least_shown(condition, origin=origin, **blocked._asdict())
        found.update((pair.stimulus, pair) for pair in pairs)
        return [pair.candidate for pair in pairs]

    choice = None
    for counts in _in_turn(selectors.condition_counts(survey, origin=origin, now=now), past):
        choice = choice or strategy_get(settings.pairing).pair_choose(
            counts, candidates, past.shown, random.SystemRandom()
        )
    if choice is None:
        return None
    side = Side.LEFT if choice.original_left else Side.RIGHT
    made = _lease(session, found[choice.stimulus], choice.condition, side, past, settings, now)
    exposure_add(survey.pk, choice.stimulus, origin)
    return made


def _in_turn(counts: dict[int, int], past: History) -> Iterator[dict[int, int]]:
    """Conditions, and after them those of which this person has passed by two pairs or more.

    Whatever the reason, another pair of it would most likely end the same way.
    """
    passed_by = Counter(trial.condition for trial in past.in_state(STATES.SKIPPED))
    late = {condition for condition, n in passed_by.items() if n >= PASSED_BY}
    yield {condition: n for condition, n in counts.items() if condition not in late}
    if late:
        yield {condition: n for condition, n in counts.items() if condition in late}


def _lease(
    session: Session,
    pair: Pair,
    condition: int,
    side: Side,
    past: History,
    settings: Settings,
    now: datetime,
) -> Trial:
    row = Assignment(
        survey_id=session.participant.survey_id,
        condition_id=condition,
        origin=session.participant.origin,
        session=session,
        stimulus_id=pair.stimulus,
        position=past.last_position + 1,
        token=secrets.token_urlsafe(18),
        left_token=secrets.token_urlsafe(18),
        right_token=secrets.token_urlsafe(18),
        original_side=side,
        leased_at=now,
        expires_at=now + timedelta(minutes=settings.lease_minutes),
    )
    _INSERT(row)
    return Trial(
        row.pk, row.position, row.state, row.token, None, None, row.left_token, row.right_token,
        side, row.expires_at, condition, pair.stimulus, pair.photo, pair.width, pair.height,
    )  # fmt: skip


_INSERT = PreparedInsert(Assignment)
