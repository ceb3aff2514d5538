"""What networks say of photos."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_app.models.dataset import Photo
from models_app.models.job import Job


class PhotoScore(models.Model):
    """A NIMA check's distribution over the scores 1..10 of one photo."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="scores")
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="scores")
    mean = models.FloatField()
    sd = models.FloatField()
    # Ten probabilities, of the scores 1 to 10.
    distribution = models.JSONField()

    class Meta:
        constraints = [
            # A photo that is scored again after a crash overwrites its row.
            models.UniqueConstraint("job", "photo", name="photo_score_once_a_job"),
        ]
        indexes = [
            # The lowest and the highest of a check; a page of photos between two scores.
            models.Index(fields=["job", "mean"], name="photo_score_order"),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id}: {self.mean:.3f}"


class PhotoContent(models.Model):
    """What a diversity check found on one photo: its class, or objects of one kind."""

    class Kind(models.TextChoices):
        CLASS = "class", _("class")
        OBJECT = "object", _("object")

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="contents")
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="contents")
    kind = models.CharField(max_length=8, choices=Kind)
    label = models.CharField(max_length=80)
    # Of the class, or of the most certain object; 0..1.
    confidence = models.FloatField()
    # Objects of this label on the photo; 1 for a class.
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "job", "photo", "kind", "label", name="photo_content_once_a_job"
            ),
        ]
        indexes = [
            # Counts a label, and the photos of a label.
            models.Index(fields=["job", "kind", "label"], name="photo_content_label"),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id}: {self.label}"
