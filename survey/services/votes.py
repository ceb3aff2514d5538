"""Record one answer, once."""

from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.errors import AnswerConflict, AssignmentGone, SurveyClosed
from survey.kinds import kind_get
from survey.models import Assignment, Session, Survey, Vote
from survey.services.sessions import Progress, survey_lock, trials_lease_locked

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
    and gets the current state; another answer to the same trial raises AnswerConflict.
    """
    # Lock first: on PostgreSQL two copies of a request would otherwise both find the lease open.
    survey = survey_lock(session)
    kind = kind_get(survey.kind)
    answer = kind.answer_check(answer)
    trial = _trial_get(session, token)
    if trial.state == STATES.VOTED:
        if trial.vote.chosen_side != answer:
            raise AnswerConflict(_("This pair already has your answer; the first one is kept."))
        return trials_lease_locked(session, survey)
    if survey.state != Survey.State.OPEN and not trial.is_preview:
        raise SurveyClosed(_("This survey has been closed; your earlier answers are kept."))
    _trial_close(trial, STATES.VOTED)
    Vote.objects.create(
        assignment=trial,
        chosen_side=answer,
        original_preferred=kind.original_preferred(answer, trial.original_side),
        created_at=timezone.now(),
        **asdict(viewing),
    )
    return trials_lease_locked(session, survey)


@transaction.atomic
def trial_skip(session: Session, *, token: str, reason: str) -> Progress:
    """End a trial whose pictures could not be shown; repeating it changes nothing."""
    survey = survey_lock(session)
    trial = _trial_get(session, token)
    if trial.state == STATES.OPEN:
        trial.skip_reason = reason
        trial.save(update_fields=["skip_reason"])
        _trial_close(trial, STATES.SKIPPED)
    return trials_lease_locked(session, survey)


def _trial_get(session: Session, token: str) -> Assignment:
    # Through the session: somebody else's token is as unknown as an invented one.
    trial = session.assignments.select_related("vote").filter(token=token).first()
    if trial is None:
        raise AssignmentGone(_("This pair is not one of yours; reload the page."))
    return trial


def _trial_close(trial: Assignment, state: str) -> None:
    """Compare and set: of two requests that find the lease open, one closes it."""
    closed = Assignment.objects.filter(pk=trial.pk, state=STATES.OPEN).update(state=state)
    if closed != 1:
        raise AssignmentGone(_("This pair has expired; the page shows another one."))
