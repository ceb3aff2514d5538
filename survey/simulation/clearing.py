"""Delete what simulated annotators left in a survey, a few annotators at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic, sleep

from django.db import models, transaction

from survey.models import (
    Assignment,
    Break,
    Exposure,
    Origin,
    Participant,
    Session,
    Survey,
    Tally,
    Vote,
)
from survey.selectors.simulated import simulated_participants, votes_of
from survey.services.audit import audit_record
from survey.services.counts import counts_take

# Annotators a transaction: with 85 votes each it holds the lock for less than a second.
BATCH = 25
# Whoever waits for SQLite's lock asks again after 0.1 s at the latest, and gets it in a pause only.
PAUSE_S = 0.1
# What is theirs, and how it leads to them; first what nothing else points to.
THEIRS: tuple[tuple[type[models.Model], str], ...] = (
    (Vote, "assignment__session__participant__in"),
    (Assignment, "session__participant__in"),
    (Break, "session__participant__in"),
    (Session, "participant__in"),
    (Participant, "pk__in"),
)


@dataclass(frozen=True, slots=True)
class Cleared:
    annotators: int
    votes: int


def simulated_clear(survey: Survey, *, told: Callable[[int], object] = lambda _n: None) -> Cleared:
    """Delete simulated annotators with all that is theirs, and their counts; nothing of people.

    In batches, each in its own transaction under the survey's lock: people vote in between, and
    rows and counts agree after each. What ends early leaves whole annotators, and calling this
    again goes on. `told` hears how many annotators each batch deleted. The audit trail says
    beforehand how many there are.
    """
    last = _begin(survey)
    annotators = votes = 0
    while True:
        began = monotonic()
        with transaction.atomic():
            _lock(survey)
            batch = _next(survey, last)
            if not batch:
                _counts_forget(survey)
                return Cleared(annotators, votes)
            votes += _delete(survey, batch)
        annotators += len(batch)
        told(len(batch))
        sleep(min(PAUSE_S, monotonic() - began))


@transaction.atomic
def _begin(survey: Survey) -> int:
    """Write down what is cleared; the last annotator's key: who comes after that stays."""
    _lock(survey)
    audit_record(
        actor=None,
        action="survey.simulated_clear",
        target="survey",
        target_id=survey.slug,
        label=survey.title,
        detail={
            "annotators": simulated_participants(survey),
            "votes": votes_of(survey, Origin.SIMULATED),
        },
    )
    last = Participant.objects.filter(survey=survey, origin=Origin.SIMULATED).order_by("pk").last()
    return last.pk if last else 0


def _lock(survey: Survey) -> None:
    """Nobody leases or votes meanwhile; whoever begins does not wait."""
    Survey.objects.select_for_update(no_key=True).get(pk=survey.pk)


def _next(survey: Survey, last: int) -> list[int]:
    annotators = Participant.objects.filter(survey=survey, origin=Origin.SIMULATED, pk__lte=last)
    return list(annotators.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _delete(survey: Survey, annotators: Sequence[int]) -> int:
    """Delete these annotators; returns how many votes they had given. No row is read."""
    sessions = list(Session.objects.filter(participant__in=annotators).values_list("pk", flat=True))
    counts_take(survey, sessions, origin=Origin.SIMULATED)
    deleted = {
        model: model._default_manager.filter(**{path: annotators})._raw_delete(using="default")
        for model, path in THEIRS
    }
    return deleted[Vote]


def _counts_forget(survey: Survey) -> None:
    """Delete the counts once nobody is left whom they could count."""
    if not simulated_participants(survey):
        Tally.objects.filter(survey=survey, origin=Origin.SIMULATED).delete()
        Exposure.objects.filter(survey=survey, origin=Origin.SIMULATED).delete()
