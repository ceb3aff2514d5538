"""Proof of the kept counts: everything counted anew and compared."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef

from survey.models import Assignment, Exposure, Survey, Tally, Vote
from survey.services.counts import votes_counted

STATES = Assignment.State


@dataclass(frozen=True, slots=True)
class Check:
    """What rows and kept counts say of one survey, whoever the votes are of."""

    votes: int
    trials: int
    # Kinds of votes (condition, origin, side, outcome, layout) whose tally is wrong.
    tallies_wrong: int
    # Pairs that were handed out more or less often than is kept.
    exposures_wrong: int
    # Trials that say they have a vote and have none, or the other way round.
    states_wrong: int

    @property
    def repairable(self) -> int:
        return self.tallies_wrong + self.exposures_wrong

    @property
    def balanced(self) -> bool:
        return not (self.repairable or self.states_wrong)


def counts_check(survey: Survey) -> Check:
    """Read every vote and every trial of a survey; six queries.

    While people vote a count may be read before and its row after a vote: check again, or close
    the survey, before believing a difference of one or two.
    """
    counted = {row[:-1]: row[-1] for row in votes_counted(survey)}
    fields = ("condition_id", "origin", "original_side", "original_preferred", "layout", "n")
    kept = {
        tuple(row[:-1]): row[-1]
        for row in Tally.objects.filter(survey=survey, n__gt=0).values_list(*fields)
    }
    trials = Assignment.objects.filter(survey=survey)
    leased = {
        (stimulus, origin): n
        for stimulus, origin, n in trials.values_list("stimulus", "origin")
        .annotate(n=Count("pk"))
        .order_by()
    }
    shown = {
        (stimulus, origin): n
        for stimulus, origin, n in Exposure.objects.filter(survey=survey, shown__gt=0).values_list(
            "stimulus", "origin", "shown"
        )
    }
    voted = Exists(Vote.objects.filter(assignment=OuterRef("pk")))
    without = trials.filter(~voted, state=STATES.VOTED).count()
    beside = Vote.objects.filter(survey=survey).exclude(assignment__state=STATES.VOTED).count()
    return Check(
        votes=sum(counted.values()),
        trials=sum(leased.values()),
        tallies_wrong=_differing(counted, kept),
        exposures_wrong=_differing(leased, shown),
        states_wrong=without + beside,
    )


def _differing(one: dict[Any, int], other: dict[Any, int]) -> int:
    return sum(one.get(key, 0) != other.get(key, 0) for key in one.keys() | other.keys())
