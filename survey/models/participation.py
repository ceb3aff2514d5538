"""Who judges what: participants, their sessions, leased trials and votes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from survey.models.survey import Condition, Stimulus, Survey
from survey.skips import SkipReason


class Side(models.TextChoices):
    LEFT = "left", _("left")
    RIGHT = "right", _("right")

    @property
    def other(self) -> "Side":
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class Origin(models.TextChoices):
    """Whose votes these are; only those of people count unless somebody asks for the others."""

    PERSON = "person", _("participant")
    TEST = "test", _("staff preview")
    SIMULATED = "simulated", _("simulated annotator")


class Participant(models.Model):
    """A person in one survey, known by a random code only."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="participants")
    code = models.CharField(max_length=16)
    origin = models.CharField(max_length=9, choices=Origin, default=Origin.PERSON)
    # The text itself, not a pointer to it: what this person agreed to must not change later.
    consent_version = models.CharField(max_length=40, blank=True)
    consent_text = models.TextField(blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)
    # Of the first vote: who has voted is counted without looking at votes.
    voted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("survey", "code", name="participant_code_once_a_survey")
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def counts(self) -> bool:
        """Whether results count what this participant does unless somebody asks for more."""
        return self.origin == Origin.PERSON


class Session(models.Model):
    class End(models.TextChoices):
        QUOTA = "quota", _("all pairs judged")
        EXHAUSTED = "exhausted", _("no pair left for this person")
        CLOSED = "closed", _("survey closed")
        PICTURES_FAILED = "pictures-failed", _("pictures could not be shown")
        SKIPPED = "skipped", _("too many pairs skipped")

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="sessions")
    # Held by the browser's cookie.
    key = models.CharField(max_length=43, unique=True)
    instructions_seen_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    # Since when there was nothing to show while pictures were still to come.
    waiting_since = models.DateTimeField(null=True, blank=True)
    # How often this person came back after a long gap and saw the instructions again.
    resumes = models.PositiveSmallIntegerField(default=0)
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

    # Survey, condition and origin repeat what session and stimulus say, so that counting the open
    # leases of a condition, done under the lock of every assignment, reads one index.
    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="assignments")
    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="assignments")
    origin = models.CharField(max_length=9, choices=Origin, default=Origin.PERSON)
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
    # Set while a vote that was taken back is asked for again: a second presentation has a token of
    # its own, so that a late copy of the first answer is never taken for the second one.
    revision_token = models.CharField(max_length=32, unique=True, null=True, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)

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
            # The ledger's states and the open leases a condition, answered by the index alone.
            models.Index(
                fields=["survey", "origin", "state", "expires_at", "condition"],
                name="assignment_states",
            ),
            # Few rows; asked with every lease.
            models.Index(
                fields=["survey", "origin", "condition"],
                condition=models.Q(skip_reason=SkipReason.PICTURE_FAILED),
                name="assignment_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}:{self.position} {self.state}"


class Vote(models.Model):
    """One answer; exactly one an assignment, written in the transaction that closes the lease."""

    class Layout(models.TextChoices):
        SIDE_BY_SIDE = "side-by-side", _("side by side")
        # On narrow screens the left photo is on top.
        STACKED = "stacked", _("stacked")

    # Survey and origin repeat what the assignment says: a million votes are counted by one index.
    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="votes")
    origin = models.CharField(max_length=9, choices=Origin, default=Origin.PERSON)
    assignment = models.OneToOneField(Assignment, on_delete=models.CASCADE, related_name="vote")
    # The answer that counts: the second one where the first was taken back.
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
    # An answer taken back once: what it was. Everything above is then of the second answer.
    revised = models.BooleanField(default=False)
    first_chosen_side = models.CharField(max_length=5, choices=Side, blank=True)
    first_response_ms = models.PositiveIntegerField(null=True, blank=True)
    first_created_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # The ledger's count, and exports in the order in which votes came.
            models.Index(fields=["survey", "origin", "id"], name="vote_survey_origin")
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(chosen_side__in=["left", "right"]), name="vote_side_known"
            ),
            # A revised vote says what it was before; another has no first answer beside its own.
            models.CheckConstraint(
                condition=models.Q(revised=False, first_chosen_side="", first_response_ms=None)
                | models.Q(revised=True, first_chosen_side__in=["left", "right"]),
                name="vote_first_answer_kept",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assignment_id} {self.chosen_side}"
