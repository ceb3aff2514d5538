"""How well a network agrees with people."""

from django.db import models

from models_app.models.checkpoint import Checkpoint
from models_app.models.job import Job
from models_app.models.labels import LabelSet, LabelSplit


class Evaluation(models.Model):
    """A checkpoint's predictions for one part of a split, and their agreement with the labels."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="evaluation")
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="evaluations")
    label_set = models.ForeignKey(LabelSet, on_delete=models.PROTECT, related_name="evaluations")
    # None where all images of the set were judged, as for zero-shot.
    split = models.ForeignKey(
        LabelSplit, on_delete=models.PROTECT, null=True, blank=True, related_name="evaluations"
    )
    # train, validation or test; empty for all images.
    part = models.CharField(max_length=20, blank=True)
    # Of the split, beside the score: also when the split's row is gone.
    split_sha256 = models.CharField(max_length=64, blank=True)
    # As analysis.metrics.evaluate says them, with rule and threshold.
    metrics = models.JSONField()
    n = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.checkpoint_id} on {self.label_set_id} {self.part}"
