"""Rendered files, and which surveys show which of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_app.models.dataset import Dataset, Photo


class Rendition(models.Model):
    """photo x distortion x level at one display size and encoding -> one file.

    Two surveys with the same display settings share the file. The rows are the whole state of
    rendering: what is pending is missing, whatever the broker remembers.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        READY = "ready", _("ready")
        # Rendered, and pixel for pixel the original: no trial, so no file is kept.
        IDENTICAL = "identical", _("identical to the original")
        FAILED = "failed", _("failed")

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="renditions")
    distortion = models.CharField(max_length=40)
    level = models.CharField(max_length=20, blank=True)
    preset = models.CharField(max_length=40)
    long_side = models.PositiveIntegerField()
    encoding = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    # Order of work: pass 0 gives every photo a first few pairs, pass 1 everything else.
    batch = models.PositiveSmallIntegerField(default=1)
    # The lease of the job that renders it now; freed with that job, however it ends.
    claimed_by = models.CharField(max_length=32, blank=True)
    file = models.CharField(max_length=255, blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    bytes = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [
            # Planning is repeated at every start; each file is planned and stored once.
            models.UniqueConstraint(
                "photo",
                "distortion",
                "level",
                "preset",
                "long_side",
                "encoding",
                name="rendition_once",
            )
        ]
        indexes = [
            # "Render what is missing": the next photo of the lowest pass.
            models.Index(
                fields=["batch", "photo"],
                name="rendition_pending",
                condition=models.Q(state="pending"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} {self.distortion} {self.level}".rstrip()


class SurveySource(models.Model):
    """Which dataset a survey shows: the only tie from here to a survey."""

    survey = models.OneToOneField(
        "survey.Survey", on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="surveys")
    preset = models.CharField(max_length=40)
    long_side = models.PositiveIntegerField()
    encoding = models.CharField(max_length=10)

    def __str__(self) -> str:
        return f"{self.survey_id} shows {self.dataset}"
