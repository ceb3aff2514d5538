"""Counts kept in the transaction of what they count: a million votes cost a page no more than one.

services/counts.py writes them, and can count everything anew to prove them.
"""

from django.db import models

from survey.models.participation import Origin, Side, Vote
from survey.models.survey import Condition, Stimulus, Survey


class Tally(models.Model):
    """Votes of one condition that share origin, side of the original, outcome and layout."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="tallies")
    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="tallies")
    origin = models.CharField(max_length=9, choices=Origin)
    original_side = models.CharField(max_length=5, choices=Side)
    original_preferred = models.BooleanField()
    layout = models.CharField(max_length=12, choices=Vote.Layout)
    n = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(
                "survey", "origin", "condition", "original_side", "original_preferred", "layout",
                name="tally_once",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.condition_id} {self.origin} {self.n}"


class Exposure(models.Model):
    """How often a pair was leased to people of one origin; never taken back."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="exposures")
    stimulus = models.ForeignKey(Stimulus, on_delete=models.CASCADE, related_name="exposures")
    origin = models.CharField(max_length=9, choices=Origin)
    shown = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("stimulus", "origin", name="exposure_once"),
        ]
        indexes = [
            # "Shown" of the ledger.
            models.Index(fields=["survey", "origin", "shown"], name="exposure_shown")
        ]

    def __str__(self) -> str:
        return f"{self.stimulus_id} {self.origin} {self.shown}"
