"""Who judges what: participants, their sessions, leased trials and votes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from survey.models.survey import Condition, Stimulus, Survey


class Side(models.TextChoices):
    LEFT = "left", _("left")
    RIGHT = "right", _("right")

    @property
    def other(self) -> "Side":
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class Participant(models.Model):
    """A person in one survey, known by a random code only."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="participants")
    code = models.CharField(max_length=16)
    is_preview = models.BooleanField(default=False)
    # The text itself, not a pointer to it: what this person agreed to must not change later.
    consent_version = models.CharField(max_length=40, blank=True)
    consent_text = models.TextField(blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("survey", "code", name="participant_code_once_a_survey")
        ]

    def __str__(self) -> str:
        return self.code


class Session(models.Model):
    class End(models.TextChoices):
        QUOTA = "quota", _("all pairs judged")
        EXHAUSTED = "exhausted", _("no pair left for this person")
        CLOSED = "closed", _("survey closed")
        PICTURES_FAILED = "pictures-failed", _("pictures could not be shown")

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="sessions")
    # Held by the browser's cookie.
    key = models.CharField(max_length=43, unique=True)
    instructions_seen_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    # Since when there was nothing to show while pictures were still to come.
    waiting_since = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=16, choices=End, blank=True)
    completion_code = models.CharField(max_length=16, blank=True)

    def __str__(self) -> str:
        return f"{self.participant} {self.started_at:%Y-%m-%d %H:%M}"


class Assignment(models.Model):
    """One trial: the lease of a pair to a session, and what became of it."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        VOTED = "voted", _("voted")
        SKIPPED = "skipped", _("skipped")
        EXPIRED = "expired", _("expired")

    # Survey, condition and is_preview repeat what session and stimulus say, so that counting votes
    # a condition, done under the lock of every assignment, reads one index and joins nothing.
    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="assignments")
    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="assignments")
    is_preview = models.BooleanField(default=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="assignments")
    stimulus = models.ForeignKey(Stimulus, on_delete=models.CASCADE, related_name="assignments")
    position = models.PositiveIntegerField()
    token = models.CharField(max_length=32, unique=True)
    left_token = models.CharField(max_length=32, unique=True)
    right_token = models.CharField(max_length=32, unique=True)
    original_side = models.CharField(max_length=5, choices=Side)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    leased_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    skip_reason = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            # Two requests of one session can never both make its n-th trial.
            models.UniqueConstraint("session", "position", name="assignment_position_once"),
            # A pair is judged once by a person; planned repeats will carry a mark of their own.
            models.UniqueConstraint("session", "stimulus", name="assignment_pair_once"),
            models.CheckConstraint(
                condition=models.Q(original_side__in=["left", "right"]),
                name="assignment_side_known",
            ),
        ]
        indexes = [
            # Least-voted condition first: votes and open leases a condition, answered by the index
            # alone. Only is_preview may narrow it: SQLite cannot match a partial index against
            # values that come as parameters, and would read the table instead.
            models.Index(
                fields=["survey", "condition", "state", "expires_at"],
                name="assignment_condition_count",
                condition=models.Q(is_preview=False),
            ),
            # The photo shown least often with a condition.
            models.Index(fields=["stimulus", "state"], name="assignment_stimulus_count"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}:{self.position} {self.state}"


class Vote(models.Model):
    """One answer; exactly one an assignment, written in the transaction that closes the lease."""

    class Layout(models.TextChoices):
        SIDE_BY_SIDE = "side-by-side", _("side by side")
        # On narrow screens the left photo is on top.
        STACKED = "stacked", _("stacked")

    assignment = models.OneToOneField(Assignment, on_delete=models.CASCADE, related_name="vote")
    chosen_side = models.CharField(max_length=5, choices=Side)
    original_preferred = models.BooleanField()
    # From the moment both photos are visible to the choice.
    response_ms = models.PositiveIntegerField()
    viewport_width = models.PositiveIntegerField()
    viewport_height = models.PositiveIntegerField()
    device_pixel_ratio = models.FloatField()
    # CSS pixels of one photo as it was shown.
    rendered_width = models.FloatField()
    rendered_height = models.FloatField()
    layout = models.CharField(max_length=12, choices=Layout)
    focus_losses = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(chosen_side__in=["left", "right"]), name="vote_side_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.assignment_id} {self.chosen_side}"
