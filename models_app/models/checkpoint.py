"""Weights of networks, with all that is needed to use them."""

from django.db import models


class Checkpoint(models.Model):
    """A network's weights in one stored safetensors file; never changed once it is there."""

    name = models.CharField(max_length=100, unique=True)
    # Key of models_app.networks.architectures.
    architecture = models.CharField(max_length=80)
    file = models.CharField(max_length=255)
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    # How a photo becomes this network's input; belongs to the weights, asked for at import.
    preprocessing = models.JSONField()
    # Weights that nobody trained: marked wherever a result of theirs is shown.
    is_random = models.BooleanField(default=False)
    # Where it came from, in words (a file's name, a paper, a job).
    source = models.CharField(max_length=255, blank=True)
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
