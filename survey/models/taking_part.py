"""Around the trials: single-use invites of participants, and breaks."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from survey.models.participation import Session
from survey.models.survey import Survey


class SurveyInvite(models.Model):
    """A link that lets one person take part once; only its hash is stored."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="invites")
    # What the researcher wrote to tell links apart.
    label = models.CharField(max_length=100, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # That it was used: neither by which code nor when, which would tell the code by its own time.
    is_used = models.BooleanField(default=False)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A link ends once, one way.
            models.CheckConstraint(
                condition=Q(is_used=False) | Q(revoked_at=None), name="survey_invite_ends_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} {self.label}"


class Break(models.Model):
    """A break that somebody took; times between trials tell nothing while it lasts."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="breaks")
    # Trials judged before it.
    after_trials = models.PositiveIntegerField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("session", "after_trials", name="break_once_a_place")
        ]

    def __str__(self) -> str:
        return f"{self.session_id} after {self.after_trials}"
