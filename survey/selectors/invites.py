"""Who is invited to a survey."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from survey.models import Survey, SurveyInvite


@dataclass(frozen=True, slots=True)
class InviteCounts:
    made: int
    used: int
    withdrawn: int

    @property
    def open(self) -> int:
        return self.made - self.used - self.withdrawn


def invites_of(survey: Survey) -> QuerySet[SurveyInvite]:
    """Newest first; one query."""
    return SurveyInvite.objects.filter(survey=survey).order_by("-pk")


def invite_counts(survey: Survey) -> InviteCounts:
    """One query."""
    return InviteCounts(
        **SurveyInvite.objects.filter(survey=survey).aggregate(
            made=Count("pk"),
            used=Count("pk", filter=Q(is_used=True)),
            withdrawn=Count("pk", filter=Q(revoked_at__isnull=False)),
        )
    )
