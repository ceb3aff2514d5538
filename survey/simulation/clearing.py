"""Delete what simulated annotators left in a survey."""

from dataclasses import dataclass

from django.db import transaction

from survey.models import Assignment, Exposure, Origin, Participant, Survey, Tally, Vote
from survey.services.audit import audit_record


@dataclass(frozen=True, slots=True)
class Cleared:
    annotators: int
    votes: int


@transaction.atomic
def simulated_clear(survey: Survey) -> Cleared:
    """Delete simulated annotators with all that is theirs, and their counts; nothing of people.

    Under the survey's lock: nobody leases or votes meanwhile.
    """
    Survey.objects.select_for_update().get(pk=survey.pk)
    votes = Vote.objects.filter(survey=survey, origin=Origin.SIMULATED)
    annotators = Participant.objects.filter(survey=survey, origin=Origin.SIMULATED)
    cleared = Cleared(annotators=annotators.count(), votes=votes.count())
    # Votes first: what nothing points to is deleted without being read.
    votes.delete()
    Assignment.objects.filter(survey=survey, origin=Origin.SIMULATED).delete()
    annotators.delete()
    # Counts are kept by origin, so these are exactly theirs.
    Tally.objects.filter(survey=survey, origin=Origin.SIMULATED).delete()
    Exposure.objects.filter(survey=survey, origin=Origin.SIMULATED).delete()
    audit_record(
        actor=None,
        action="survey.simulated_clear",
        target="survey",
        target_id=survey.pk,
        label=survey.slug,
        detail={"annotators": cleared.annotators, "votes": cleared.votes},
    )
    return cleared
