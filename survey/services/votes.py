"""Record one answer, once; take the last one back, once; or pass a pair by."""

import secrets
from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.errors import (
    AnswerConflict,
    AssignmentGone,
    SkipRefused,
    SurveyClosed,
    UndoRefused,
)
from survey.kinds import kind_get
from survey.kinds.base import Settings
from survey.models import Assignment, Participant, Session, Survey, Vote
from survey.prepared import PreparedInsert, PreparedUpdate
from survey.selectors.leasing import History, Trial, history
from survey.services.counts import tally_add
from survey.services.leasing import Progress, session_lock, trials_lease_locked, undo_token
from survey.skips import SkipReason

STATES = Assignment.State


@dataclass(frozen=True, slots=True)
class Viewing:
    """How the pair was seen; ranges are checked where it enters (api/serializers.py)."""

    response_ms: int
    viewport_width: int
    viewport_height: int
    device_pixel_ratio: float
    rendered_width: float
    rendered_height: float
    layout: str
    focus_losses: int = 0


@transaction.atomic
def vote_record(session: Session, *, token: str, answer: str, viewing: Viewing) -> Progress:
    """Write the vote, close its lease and lease what comes next, all or nothing.

    The same answer again (a double click, a retry after a lost reply, a replay) changes nothing
    and gets the current state; another answer to the same trial raises AnswerConflict. A trial
    whose vote was taken back has a second token: an answer to that one revises the vote.
    """
    # Lock first: on PostgreSQL two copies of a request would otherwise both find the lease open.
    held = session_lock(session)
    survey = held.participant.survey
    kind = kind_get(survey.kind)
    answer = kind.answer_check(answer)
    past = history(held)
    trial = trial_find(past, token)
    again = token == trial.revision_token
    if trial.state == STATES.VOTED and not (again and trial.reopened_at):
        _answer_compare(trial, answer, again=again)
        return trials_lease_locked(held, past)
    if survey.state != Survey.State.OPEN and held.participant.counts:
        raise SurveyClosed(_("This survey has been closed; your earlier answers are kept."))
    preferred = kind.original_preferred(answer, trial.original_side)
    if again and held.finished_at is not None:
        raise UndoRefused(_("You have finished this survey; your answers are stored as they are."))
    if again:
        past = _vote_revise(past, trial, answer, preferred, viewing)
        return trials_lease_locked(held, past)
    past = _closed(past, trial, STATES.VOTED, _CLOSE(trial.pk))
    vote = Vote(
        survey=survey,
        origin=held.participant.origin,
        assignment_id=trial.pk,
        chosen_side=answer,
        original_preferred=preferred,
        created_at=timezone.now(),
        **asdict(viewing),
    )
    _INSERT(vote)
    past = past.changed(trial._replace(state=STATES.VOTED, voted_at=vote.created_at))
    tally_add(vote, condition=trial.condition, original_side=trial.original_side)
    if held.participant.voted_at is None:
        Participant.objects.filter(pk=held.participant_id).update(voted_at=vote.created_at)
    return trials_lease_locked(held, past)


def _answer_compare(trial: Trial, answer: str, *, again: bool) -> None:
    """Refuse another answer than the stored one to the same presentation.

    A copy of the first answer may come late, when the second one counts already.
    """
    vote = Vote.objects.get(assignment=trial.pk)
    stored = vote.first_chosen_side if vote.revised and not again else vote.chosen_side
    if stored != answer:
        raise AnswerConflict(_("This pair already has your answer; the first one is kept."))


def _vote_revise(
    past: History, trial: Trial, answer: str, preferred: bool, viewing: Viewing
) -> History:
    """Make the second answer the one that counts, and keep the first beside it."""
    past = _reopening_end(past, trial)
    vote = Vote.objects.get(assignment=trial.pk)
    tally_add(vote, condition=trial.condition, original_side=trial.original_side, by=-1)
    vote.revised = True
    vote.first_chosen_side = vote.chosen_side
    vote.first_response_ms = vote.response_ms
    vote.first_created_at = vote.created_at
    vote.chosen_side, vote.original_preferred = answer, preferred
    vote.created_at = timezone.now()
    for name, value in asdict(viewing).items():
        setattr(vote, name, value)
    vote.save()
    tally_add(vote, condition=trial.condition, original_side=trial.original_side)
    return past.changed(trial._replace(reopened_at=None, voted_at=vote.created_at))


@transaction.atomic
def vote_undo(session: Session, *, token: str) -> Progress:
    """Ask for the last vote again: the same pair, the same sides, a second token.

    The first answer counts until there is a second one, so that nothing is lost if none comes.
    Repeating it changes nothing. Raises UndoRefused where a vote cannot be taken back, or not
    any more: only the last one, and only once.
    """
    held = session_lock(session)
    survey = held.participant.survey
    past = history(held)
    trial = trial_find(past, token)
    settings = Settings.from_json(survey.settings)
    if trial.reopened_at is None:
        _undo_check(held, survey, settings)
        if undo_token(past, settings) != trial.token:
            raise UndoRefused(_("Only your last answer can be taken back, and only once."))
        reopened = trial._replace(
            revision_token=secrets.token_urlsafe(18), reopened_at=timezone.now()
        )
        Assignment.objects.filter(pk=trial.pk, reopened_at=None).update(
            revision_token=reopened.revision_token, reopened_at=reopened.reopened_at
        )
        past = past.changed(reopened)
    return trials_lease_locked(held, past)


def _undo_check(session: Session, survey: Survey, settings: Settings) -> None:
    if session.finished_at is not None:
        raise UndoRefused(_("You have finished this survey; your answers are stored as they are."))
    if survey.state != Survey.State.OPEN and session.participant.counts:
        raise SurveyClosed(_("This survey has been closed; your earlier answers are kept."))
    if not settings.undo:
        raise UndoRefused(_("In this survey an answer cannot be taken back."))


@transaction.atomic
def trial_skip(session: Session, *, token: str, reason: str) -> Progress:
    """End a trial without an answer; repeating it changes nothing.

    A vote that was taken back has an answer: passing it by keeps that one. Raises SkipRefused
    where a survey wants an answer to every pair whose pictures can be shown.
    """
    held = session_lock(session)
    past = history(held)
    trial = trial_find(past, token)
    survey = held.participant.survey
    settings = Settings.from_json(survey.settings)
    if survey.state != Survey.State.OPEN and held.participant.counts:
        raise SurveyClosed(_("This survey has been closed; your earlier answers are kept."))
    if reason != SkipReason.PICTURE_FAILED and not settings.skip:
        raise SkipRefused(_("In this survey no pair can be skipped; please choose a photo."))
    if trial.reopened_at is not None and token == trial.revision_token:
        past = _reopening_end(past, trial)
    elif trial.state == STATES.OPEN:
        past = trial_close(past, trial, STATES.SKIPPED, skip_reason=reason)
    return trials_lease_locked(held, past)


def _reopening_end(past: History, trial: Trial) -> History:
    """Compare and set; under the lock nobody else can have done it."""
    Assignment.objects.filter(pk=trial.pk, reopened_at__isnull=False).update(reopened_at=None)
    return past.changed(trial._replace(reopened_at=None))


def trial_find(past: History, token: str) -> Trial:
    """Return the trial of a token; raises AssignmentGone.

    Through the session: somebody else's token is as unknown as an invented one.
    """
    trial = past.find(token)
    if trial is None:
        raise AssignmentGone(_("This pair is not one of yours; reload the page."))
    return trial


def trial_close(past: History, trial: Trial, state: str, **fields: str) -> History:
    """Compare and set, and the history with it; raises AssignmentGone for a lease that is over."""
    return _closed(past, trial, state, _open(trial.pk).update(state=state, **fields))


def _closed(past: History, trial: Trial, state: str, rows: int) -> History:
    if rows != 1:
        raise AssignmentGone(_("This pair has expired; the page shows another one."))
    return past.changed(trial._replace(state=state))


def _open(trial: int) -> QuerySet[Assignment]:
    return Assignment.objects.filter(pk=trial, state=STATES.OPEN)


# With every vote.
_CLOSE = PreparedUpdate(lambda trial: (_open(trial), {"state": STATES.VOTED}), int)
_INSERT = PreparedInsert(Vote)
