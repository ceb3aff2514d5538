"""Surveys, their pictures and conditions."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from survey.models import Condition, Origin, Participant, Stimulus, Survey, Tally


def surveys_open() -> QuerySet[Survey]:
    """One query."""
    return Survey.objects.filter(state=Survey.State.OPEN)


def surveys_open_ready() -> list[tuple[Survey, int]]:
    """Open surveys, each with its ready pairs; one query."""
    ready = Count("stimuli", filter=Q(stimuli__condition__isnull=False))
    return [(survey, survey.ready) for survey in surveys_open().annotate(ready=ready)]


def surveys_all() -> QuerySet[Survey]:
    """One query, newest first."""
    return Survey.objects.order_by("-created_at")


@dataclass(frozen=True, slots=True)
class Summary:
    """What the overview shows of a survey: participants' votes, and how many are simulated."""

    votes: int = 0
    originals: int = 0
    # People with at least one vote.
    participants: int = 0
    pairs_ready: int = 0
    simulated: int = 0


def summaries() -> dict[int, Summary]:
    """Summaries by survey, for every survey that has a vote or a pair; three queries."""
    ready = dict(
        Stimulus.objects.filter(condition__isnull=False)
        .values_list("survey")
        .annotate(n=Count("pk"))
        .order_by()
    )
    people = dict(
        Participant.objects.filter(origin=Origin.PERSON, voted_at__isnull=False)
        .values_list("survey")
        .annotate(n=Count("pk"))
        .order_by()
    )
    mine = Q(origin=Origin.PERSON)
    voted = (
        Tally.objects.filter(origin__in=[Origin.PERSON, Origin.SIMULATED])
        .values_list("survey")
        .annotate(
            votes=Sum("n", filter=mine, default=0),
            originals=Sum("n", filter=mine & Q(original_preferred=True), default=0),
            simulated=Sum("n", filter=~mine, default=0),
        )
        .order_by()
    )
    found = {
        survey: Summary(votes, originals, people.get(survey, 0), ready.pop(survey, 0), simulated)
        for survey, votes, originals, simulated in voted
    }
    return found | {survey: Summary(pairs_ready=n) for survey, n in ready.items()}


def pairs_ready(survey: Survey) -> int:
    """One query: a filtered stimulus exists only beside its original."""
    return Stimulus.objects.filter(survey=survey, condition__isnull=False).count()


def pair_bytes_mean(survey: Survey) -> float | None:
    """Mean bytes of a pair as served (both sides padded to the longer); one query."""
    sizes = Stimulus.objects.filter(survey=survey, condition__isnull=False).values_list(
        "bytes", "reference__bytes"
    )[:500]
    longer = [2 * max(size, reference or 0) for size, reference in sizes]
    return sum(longer) / len(longer) if longer else None


def conditions_of(survey: Survey) -> list[Condition]:
    """One query."""
    return list(survey.conditions.order_by("distortion", "step"))
