"""Weights of networks, with all that is needed to use them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Checkpoint(models.Model):
    """A network's weights in one stored safetensors file; never changed once it is there."""

    class Purpose(models.TextChoices):
        JUDGE = "judge", _("judges photos")
        # Learnt without labels: the backbone and heads of a pretext task.
        PRETRAINED = "pretrained", _("pretrained")

    name = models.CharField(max_length=100, unique=True)
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.JUDGE)
    # Of a judge: key of models_app.networks.architectures; of a pretrained network: its backbone,
    # as a training's configuration names it.
    architecture = models.CharField(max_length=80)
    file = models.CharField(max_length=255)
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    # How a photo becomes this network's input; belongs to the weights, asked for at import.
    preprocessing = models.JSONField()
    # Weights that nobody trained: marked wherever a result of theirs is shown.
    is_random = models.BooleanField(default=False)
    # Learnt from labels of images that a program drew, or from such weights: marked likewise.
    is_generated = models.BooleanField(default=False)
    # People's labels trained it, but what it began with was random: marked too.
    began_random = models.BooleanField(default=False)
    # Where it came from, in words (a file's name, a paper, a job).
    source = models.CharField(max_length=255, blank=True)
    # The job that trained it, and the weights that it began with.
    made_by = models.ForeignKey(
        "Job", on_delete=models.SET_NULL, null=True, blank=True, related_name="made"
    )
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="children"
    )
    # What people write down about it.
    notes = models.TextField(blank=True)
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
