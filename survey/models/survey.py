"""What is shown: a survey, its conditions and its stimuli."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from survey.errors import SurveyFrozen

# The distortion key of the unedited photo.
ORIGINAL = "original"


class Survey(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    # What decides how votes come about; none of it may change under votes that exist.
    FROZEN: ClassVar[tuple[str, ...]] = ("kind", "settings")

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    settings = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    # How many pairs there will be once all pictures are rendered; told by whoever renders them.
    pairs_expected = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a change of a frozen field under votes; costs two reads for a stored survey."""
        if self.pk:
            stored = Survey.objects.filter(pk=self.pk).values(*self.FROZEN).first()
            changed = [f for f in self.FROZEN if stored and stored[f] != getattr(self, f)]
            # Previews and simulations come before a study: they freeze nothing.
            if changed and self.votes.filter(origin="person").exists():
                raise SurveyFrozen(
                    _(
                        "The %(fields)s of survey %(slug)s cannot change any more: it has votes. "
                        "Make a new survey instead."
                    )
                    % {"fields": ", ".join(changed), "slug": self.slug}
                )
        super().save(*args, **kwargs)


class Condition(models.Model):
    """A distortion at one level, as this survey shows it.

    Label, aspect, step and note come from whoever renders, so that pages and exports can name
    things without knowing how they are made.
    """

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="conditions")
    distortion = models.CharField(max_length=40)
    level = models.CharField(max_length=20)
    label = models.CharField(max_length=80)
    aspect = models.CharField(max_length=20)
    # Signed place in its chain counted from the original: -5..-1 below it, 1..5 above.
    step = models.SmallIntegerField()
    note = models.TextField(blank=True)

    class Meta:
        ordering = ("distortion", "step")
        constraints = [
            # Registering stimuli again must find the condition, not make a second one.
            models.UniqueConstraint("survey", "distortion", "level", name="condition_once_a_survey")
        ]

    def __str__(self) -> str:
        return f"{self.distortion} {self.level}"


class Stimulus(models.Model):
    """One picture file; a filtered one and its reference, the original, are a pair."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="stimuli")
    photo = models.CharField(max_length=255)
    # Null for the original.
    condition = models.ForeignKey(
        Condition, on_delete=models.CASCADE, null=True, blank=True, related_name="stimuli"
    )
    reference = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="variants"
    )
    file = models.CharField(max_length=255)
    content_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveIntegerField()
    # As noted when it was made; shown is what is known now (designs/credits.py).
    credit = models.CharField(max_length=255, blank=True)
    licence = models.CharField(max_length=255, blank=True)

    class Meta:
        verbose_name_plural = "stimuli"
        constraints = [
            # Registering is repeated after a crash; the same picture is registered once.
            models.UniqueConstraint("survey", "photo", "condition", name="stimulus_once_a_survey"),
            models.UniqueConstraint(
                "survey",
                "photo",
                name="original_once_a_survey",
                condition=models.Q(condition=None),
            ),
            # A filtered picture without its original is no pair, and an original has no reference.
            models.CheckConstraint(
                condition=models.Q(condition=None, reference=None)
                | models.Q(condition__isnull=False, reference__isnull=False),
                name="stimulus_original_or_pair",
            ),
        ]
        indexes = [
            # "Photos of this condition that this person may still see" (selectors/leasing.py).
            models.Index(fields=["condition", "photo"], name="stimulus_condition_photo")
        ]

    def __str__(self) -> str:
        return f"{self.photo} {self.condition or ORIGINAL}"
