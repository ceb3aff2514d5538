"""One photo's whole family, rendered for the dashboard."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_app.models.dataset import Photo
from models_app.models.job import Job


class ContactSheet(models.Model):
    """photo x preset -> one strip of pictures a distortion.

    A job makes it; the row says what there is to show.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        READY = "ready", _("ready")

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="contact_sheets")
    preset = models.CharField(max_length=40)
    # Of the formulas that whoever asked has; one that was asked for with others is made again.
    version = models.CharField(max_length=40)
    # Of those that the worker had: another one if it was not restarted after an update.
    made_with = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    asked_at = models.DateTimeField()
    # The job that makes it, or made it last.
    job = models.ForeignKey(
        Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="contact_sheets"
    )
    made_at = models.DateTimeField(null=True, blank=True)
    # Distortion key -> stored file.
    files = models.JSONField(default=dict, blank=True)
    # Of one picture with its margin: a strip is so high, and so wide times its columns.
    cell_width = models.PositiveIntegerField(default=0)
    cell_height = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            # However often a page is opened, there is one sheet to make and to show.
            models.UniqueConstraint("photo", "preset", name="contact_sheet_once"),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} {self.preset}"
